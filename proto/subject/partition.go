package subject

// Partition of a room among count (1 or more) partitions: FNV-1a, 32 bits,
// of the id's bytes, modulo count. Fixed for the life of a deployment.
func Partition(room string, count int) int {
	hash := uint32(2166136261)
	for i := range len(room) {
		hash = (hash ^ uint32(room[i])) * 16777619
	}
	return int(hash % uint32(count))
}
