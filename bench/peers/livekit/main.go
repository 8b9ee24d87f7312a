// LiveKit's node selector (github.com/livekit/livekit-server, pkg/routing/selector) for bench/selector.ts: for each line
// `<nodes> <picks>` on standard input one line with the CPU nanoseconds (user and system, its garbage collector
// included) of one SelectNode.
package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"syscall"
	"time"

	"github.com/livekit/livekit-server/pkg/routing/selector"
	"github.com/livekit/protocol/livekit"
)

func nodes(count int) []*livekit.Node {
	random := rand.New(rand.NewPCG(1, 2))
	made := make([]*livekit.Node, count)
	for i := range made {
		made[i] = &livekit.Node{
			Id:     fmt.Sprintf("ND_%06d", i),
			Ip:     fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255),
			State:  livekit.NodeState_SERVING,
			Region: "a",
			Stats: &livekit.NodeStats{
				UpdatedAt:       time.Now().Unix() + 100000,
				NumCpus:         8,
				CpuLoad:         random.Float32(),
				LoadAvgLast1Min: random.Float32() * 8,
				NumRooms:        int32(random.IntN(100)),
				NumClients:      int32(random.IntN(100)),
			},
		}
	}
	return made
}

func cpuNs() int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}

func main() {
	// Of its settings the one that is made for many nodes, sorted by what it counts itself.
	s := &selector.AnySelector{SortBy: "clients", Algorithm: "twochoice"}
	kept := map[int][]*livekit.Node{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var count, picks int
		if _, err := fmt.Sscan(lines.Text(), &count, &picks); err != nil {
			panic(err)
		}
		if kept[count] == nil {
			kept[count] = nodes(count)
		}
		before := cpuNs()
		for i := 0; i < picks; i++ {
			if _, err := s.SelectNode(kept[count]); err != nil {
				panic(err)
			}
		}
		fmt.Println(float64(cpuNs()-before) / float64(picks))
	}
}
