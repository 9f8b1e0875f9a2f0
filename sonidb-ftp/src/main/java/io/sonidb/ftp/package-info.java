/// The files of a collection from node to node: [io.sonidb.ftp.FtpNode] is a node's FTP server,
/// [io.sonidb.ftp.ClusterSecret] is what nodes of one owner know each other by.
package io.sonidb.ftp;
