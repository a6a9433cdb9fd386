package frame

import "google.golang.org/protobuf/encoding/protowire"

// reField is the number of ServerFrame.re.
const reField = 1

// AppendNumbered is [AppendWrapped] of a frame that the codec has appended
// before, without the number of the request that it answers.
func AppendNumbered(dst []byte, codec Codec, re uint32, encoded []byte) []byte {
	begin := len(dst)
	var room [headerRoom]byte
	dst = append(dst, room[:]...)
	if codec.Text() {
		dst = append(appendRe(dst, &re), encoded[1:]...) // behind the brace
	} else {
		dst = protowire.AppendVarint(protowire.AppendTag(dst, reField, protowire.VarintType), uint64(re))
		dst = append(dst, encoded...)
	}
	return seal(dst, begin, codec)
}
