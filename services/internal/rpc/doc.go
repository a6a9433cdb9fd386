// Package rpc is gRPC as natter's services speak it: servers that always know
// their caller, connections that spread over replicas, and one form in which
// a refusal crosses the wire.
//
// A caller proves itself with a bearer token in the metadata "authorization",
// or, without one, with a certificate. Who that is, and what it may, is in the
// settings (one service token, one admin token with all scopes) and in a file
// of digests and subjects, see package access.
//
// Who may call a method is said by its schema, in the option
// natter.access.v1.rule, and nowhere else: the scope that an admin needs, and
// whether natter's own services may call it. A method without the option is
// refused to everybody, so that a new one cannot be left open.
//
//	                       no or wrong token   service token       admin without    admin with
//	                                                               the scope        the scope
//	services: true         UNAUTHENTICATED     as natter-user      PERMISSION_…     as an admin
//	for admins             UNAUTHENTICATED     PERMISSION_DENIED   PERMISSION_…     as an admin
//	no rule                UNAUTHENTICATED     PERMISSION_DENIED   PERMISSION_…     PERMISSION_…
//
// A service names the acting user in the metadata "natter-user"
// (percent-encoded as in a URL's path, so that any user id fits), and rights are
// that user's; without it, they are those of somebody who is nobody's member. An
// admin who sends it is refused. Health may be asked by anyone, reflection by
// admins who may read.
//
// What admins ask for, and whether they got it, goes into the audit, and so does
// a service that asks for what only admins may. Tokens, certificates and
// authorities are read again when their files change.
package rpc
