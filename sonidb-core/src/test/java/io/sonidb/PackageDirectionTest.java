package io.sonidb;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.ArchConfiguration;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// Who may use whom among the packages of this module, and which modules each one may see.
class PackageDirectionTest {
  @Test
  void packagesUseOnlyThoseBelowThem() {
    ArchConfiguration.get().setResolveMissingDependenciesFromClassPath(false);
    JavaClasses classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.sonidb");
    assertThat(classes.contain(SoniDb.class)).isTrue();
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.sonidb..")
        .layer("api")
        .definedBy("io.sonidb")
        .layer("file")
        .definedBy("io.sonidb.file")
        .layer("filter")
        .definedBy("io.sonidb.filter")
        .layer("json")
        .definedBy("io.sonidb.json")
        .layer("payload")
        .definedBy("io.sonidb.payload")
        .layer("integrity")
        .definedBy("io.sonidb.integrity")
        .layer("search")
        .definedBy("io.sonidb.search")
        .layer("store")
        .definedBy("io.sonidb.store")
        .layer("index")
        .definedBy("io.sonidb.index")
        .layer("vector")
        .definedBy("io.sonidb.vector")
        .layer("sound")
        .definedBy("io.sonidb.sound..")
        .layer("flac")
        .definedBy("io.sonidb.flac..")
        .whereLayer("api")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("file")
        .mayOnlyBeAccessedByLayers("api")
        .whereLayer("filter")
        .mayOnlyBeAccessedByLayers("api", "payload")
        .whereLayer("json")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("payload")
        .mayOnlyBeAccessedByLayers("api")
        .whereLayer("integrity")
        .mayOnlyBeAccessedByLayers("api")
        .whereLayer("search")
        .mayOnlyBeAccessedByLayers("api")
        .whereLayer("store")
        .mayOnlyBeAccessedByLayers("api", "integrity")
        .whereLayer("index")
        .mayOnlyBeAccessedByLayers("api", "integrity", "store")
        .whereLayer("vector")
        .mayOnlyBeAccessedByLayers("api", "search")
        .whereLayer("sound")
        .mayOnlyBeAccessedByLayers(
            "api", "file", "filter", "json", "payload", "integrity", "search", "store", "index")
        .whereLayer("flac")
        .mayOnlyBeAccessedByLayers("api", "store", "sound")
        .check(classes);
  }
}
