/// The `sonidb` command: one class per subcommand.
///
/// [io.sonidb.cli.Main] builds the command line out of [io.sonidb.cli.SonidbCommand], which holds
/// the global options, and the subcommands, each of which is a [io.sonidb.cli.DatabaseCommand].
/// Results go to standard output, everything else to standard error; exit codes are those of
/// [io.sonidb.cli.ExitCode].
package io.sonidb.cli;
