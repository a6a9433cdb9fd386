// Package access says who may call gRPC: the file of admins' tokens and
// certificates, and the scopes that they hold.
//
// The file has a line for each token or certificate; what follows a # at the
// start of a line is a comment:
//
//	# name   scopes         what proves it                expires
//	ci       read,moderate  sha256:9f86d081884c7d65…
//	ops      all            sha256:60303ae22b998861…      2027-01-31T00:00:00Z
//	anna     read,operate   cert:CN=anna
//	backup   operate        cert:URI=spiffe://example.com/backup
//	gateway  service        sha256:fd61a03af4f77d87…
//
// Several lines may have one name: while a token is replaced, both hold. The
// file is read again when it changes, with the next call.
//
// A token is kept as its SHA-256 and nothing slower. Slow hashes are for
// passwords, which can be guessed; a token is 256 random bits, and whoever
// could try 2^255 of them would not be held up by a factor of a million. It
// would cost every call, though. So a token that a person made up has no place
// here: make them with natterctl secrets admin-token.
//
// The scope "service" stands alone, and is for natter's own services: for the
// gateway, since no other calls. Who holds it may act for any user, but is no
// admin. Listed here, only the gateway needs to hold its token; history and
// presence, which only check it, then know its digest alone, and cannot pass
// for a gateway if they are broken into.
package access
