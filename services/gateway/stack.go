package gateway

// roomBytes is what grow makes room for: with it a stack has 8 KiB.
const roomBytes = 5 << 10

// grow gives the goroutine at once the stack that it takes to handle a message. It
// would grow by itself, but twice, and when there is more on it to be copied.
//
//go:noinline
func grow(at int) byte {
	var room [roomBytes]byte // the compiler cannot know that nothing of it is needed
	return room[at]
}
