/// The `sonidb` command: one class per subcommand.
package io.sonidb.cli;
