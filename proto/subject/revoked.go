package subject

// AllRevoked are the writes to [BucketRevoked], as those who may not read the
// bucket see them.
const AllRevoked = "$KV." + BucketRevoked + ".>"

// RevokedUser is the key in [BucketRevoked] of a user. A write's subject ends
// with it ([Last]).
func RevokedUser(user string) string { return Token(user) }
