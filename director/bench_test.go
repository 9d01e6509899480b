package director

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"libckpt/internal/wire"
)

// BenchmarkOpenClose opens and closes an existing checkpoint through the bus: two committed commands.
func BenchmarkOpenClose(b *testing.B) {
	url := bus(b)
	start(b, options(b, url, b.TempDir()))
	for _, callers := range []int{1, 4, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			node := fmt.Sprintf("n%d", callers)
			peers := make([]*peer, callers)
			numbers := make([]uint64, callers)
			for i := range peers {
				peers[i] = &peer{b, connect(b, url), node, 1}
			}
			peers[0].register()
			for i, p := range peers {
				numbers[i] = p.open(fmt.Sprintf("c%d-%d", callers, i), time.Hour).Config.Checkpoint
			}
			took := make([][]time.Duration, callers)
			done := make(chan struct{})
			b.ResetTimer()
			for i, p := range peers {
				go func() {
					defer func() { done <- struct{}{} }()
					for range (b.N + callers - 1) / callers {
						began := time.Now()
						if h, ok := p.ask(wire.DirectorClose, wire.CheckpointRequest{Checkpoint: numbers[i]}, nil); !ok || h.Error != wire.OK {
							b.Errorf("close: %+v", h)
							return
						}
						o := openRequest(fmt.Sprintf("c%d-%d", callers, i), time.Hour)
						if h, ok := p.ask(wire.DirectorOpen, o, nil); !ok || h.Error != wire.OK {
							b.Errorf("open: %+v", h)
							return
						}
						took[i] = append(took[i], time.Since(began))
					}
				}()
			}
			for range peers {
				<-done
			}
			b.StopTimer()
			all := slices.Concat(took...)
			slices.Sort(all)
			if len(all) > 0 {
				b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			}
		})
	}
}
