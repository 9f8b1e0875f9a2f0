/// HTTP: the listener, the table of routes ([io.sonidb.server.http.Routes]) and what each of them
/// does.
package io.sonidb.server.http;
