package director

import (
	"context"
	"time"
)

// hearing looks at the bus until ctx ends. A director whose bus does not answer is deaf: it takes no silence for that of
// the nodes, and leads only if no other director can. (Its NATS server may be on a host, or in a node director, that has
// died or stands still, while the directors' own connections work.)
func (d *Director) hearing(ctx context.Context) {
	tick := time.NewTicker(busLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		conn := d.o.Conn
		deaf := !conn.IsConnected() || conn.FlushTimeout(busPatience) != nil // there and back
		if d.deaf.Swap(deaf) != deaf && !d.alone() {
			if deaf {
				d.log.Warn("the bus does not answer: another director has to lead meanwhile")
			} else {
				d.log.Info("the bus answers again")
			}
		}
		if deaf {
			wake(d.deafened)
		}
	}
}

// stayLeader waits for the end of leadership, or of the director, and gives leadership away when the bus is gone. It reports
// whether leadership has begun anew meanwhile.
func (d *Director) stayLeader() (again bool) {
	for {
		select {
		case again = <-d.raft.LeaderCh():
			return again
		case <-d.deafened:
			if d.deaf.Load() {
				d.handOver()
			}
		case <-d.stopping:
			return false
		case <-d.fatal:
			wake(d.fatal) // for run
			return false
		}
	}
}

// handOver gives leadership away if this director should not lead and another can: one that hears, and of these one that
// is only to vote last. It reports whether it has.
func (d *Director) handOver() bool {
	deaf := d.deaf.Load()
	if !deaf && !d.o.VotingOnly || d.alone() {
		return false
	}
	servers, err := d.members()
	if err != nil {
		return false
	}
	ranks := []string{leads}
	if deaf {
		ranks = append(ranks, votes)
	}
	others := make(map[string][]int) // indexes into servers, by rank
	for i, s := range servers {
		if string(s.ID) == d.o.ID {
			continue
		}
		if a, err := d.layer.ask(string(s.Address), askTimeout); err == nil {
			others[a.Rank] = append(others[a.Rank], i)
		}
	}
	for _, rank := range ranks {
		for _, i := range others[rank] {
			if await(d.raft.LeadershipTransferToServer(servers[i].ID, servers[i].Address), transferTimeout) == nil {
				return true
			}
		}
	}
	if !deaf {
		d.log.Warn("no other director can lead: this one does, although it is only to vote")
	}
	return false
}
