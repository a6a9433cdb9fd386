package history

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"
)

// share says which replica each partition belongs to: the one of the highest
// rendezvous hash (Thaler and Ravishankar, 1998) that has fewer than
// ceil(partitions/replicas) already. Everybody who knows the same replicas
// comes to the same answer.
func share(partitions int, replicas []string) map[int]string {
	if len(replicas) == 0 {
		return nil
	}
	most := (partitions + len(replicas) - 1) / len(replicas)
	count := map[string]int{}
	owners := make(map[int]string, partitions)
	for p := range partitions {
		ranked := slices.Clone(replicas)
		slices.SortFunc(ranked, func(a, b string) int {
			return cmp.Or(cmp.Compare(weight(p, b), weight(p, a)), cmp.Compare(a, b))
		})
		for _, replica := range ranked {
			if count[replica] < most {
				owners[p] = replica
				count[replica]++
				break
			}
		}
	}
	return owners
}

func weight(partition int, replica string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(replica + "/" + strconv.Itoa(partition)))
	x := h.Sum64()
	// FNV alone leaves the last bytes in the low bits; mix them (the
	// finaliser of splitmix64).
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
