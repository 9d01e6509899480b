package service

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"libckpt/agent"
)

// What a writer of TestPowerCutUnderLoad knows of one section: the last value acknowledged and the last one asked for.
type progress struct {
	acknowledged, asked uint64
	at                  []time.Time // of the acknowledgements, in order
}

// before is the last value acknowledged by then.
func (p *progress) before(then time.Time) uint64 {
	n := len(p.at)
	for n > 0 && p.at[n-1].After(then) {
		n--
	}
	return p.acknowledged - uint64(len(p.at)-n)
}

// loadWriter overwrites one section with ever greater numbers, over and over within content, until the service dies.
func loadWriter(cp *agent.Checkpoint, id string, from uint64, done func() bool) (p progress) {
	p = progress{acknowledged: from, asked: from}
	for !done() {
		p.asked++
		size := 16 + int(p.asked%5)*9000
		data := make([]byte, size)
		for at := 0; at+8 <= size; at += 8 {
			binary.LittleEndian.PutUint64(data[at:], p.asked)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		err := cp.Overwrite(ctx, []byte(id), data)
		cancel()
		if err != nil {
			return p
		}
		p.acknowledged = p.asked
		p.at = append(p.at, time.Now())
	}
	return p
}

// stored reads a section of a loadWriter: one number, all through.
func stored(t *testing.T, cp *agent.Checkpoint, id string) uint64 {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := cp.Read(soon(t), []byte(id), 0, buf)
	if err != nil || n < 16 {
		t.Fatalf("%s: %d bytes, %v", id, n, err)
	}
	value := binary.LittleEndian.Uint64(buf)
	for at := 0; at+8 <= n; at += 8 {
		if v := binary.LittleEndian.Uint64(buf[at:]); v != value {
			t.Fatalf("%s: %d and %d in one section: an update was torn", id, value, v)
		}
	}
	if n != 16+int(value%5)*9000 {
		t.Fatalf("%s: %d bytes of update %d", id, n, value)
	}
	return value
}

// behindMax is more than an asynchronous update takes to the disk, on a loaded machine too: 100 ms and two writes.
const behindMax = 2 * time.Second

// Whenever power fails: of a synchronous checkpoint nothing acknowledged is lost and nothing is torn; an asynchronous one
// loses no more than the time its copy may be behind.
func TestPowerCutUnderLoad(t *testing.T) {
	t.Parallel()
	cuts := 8
	if soak {
		cuts = 100
	}
	const writers = 3
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	m := startMachine(t)
	attributes := map[string]*agent.Attributes{"synchronous": keptAttributes(agent.AllReplicas), "asynchronous": keptAttributes(agent.ActiveReplica)}
	a := m.dial()
	for name, attributes := range attributes {
		cp := openKept(t, a, name, attributes)
		for w := range writers {
			if err := cp.Create(soon(t), fmt.Append(nil, w), make([]byte, 16), math.MaxInt64); err != nil {
				t.Fatal(err)
			}
		}
		if name == "asynchronous" {
			if err := cp.Synchronize(soon(t)); err != nil {
				t.Fatal(err)
			}
		}
	}
	total := uint64(0)
	for cut := range cuts {
		a = m.dial()
		var mu sync.Mutex
		var group sync.WaitGroup
		reached := make(map[string]progress)
		begin := make(map[string]uint64)
		stop := make(chan struct{})
		done := func() bool {
			select {
			case <-stop:
				return true
			default:
				return false
			}
		}
		for name := range attributes {
			for w := range writers {
				cp, id := reopen(t, a, name), fmt.Sprint(w)
				key := name + id
				from := stored(t, cp, id)
				begin[key] = from
				group.Go(func() {
					p := loadWriter(cp, id, from, done)
					mu.Lock()
					reached[key] = p
					mu.Unlock()
				})
			}
		}
		lasting := time.Duration(random.IntN(400)) * time.Millisecond // the moment is what is tested
		if cut == 0 {
			lasting = behindMax + time.Second
		}
		time.Sleep(lasting)
		now := time.Now()
		m.cut()
		close(stop)
		group.Wait()
		m.Restart(t)
		a = m.dial()
		for name := range attributes {
			cp := reopen(t, a, name)
			for w := range writers {
				key := name + fmt.Sprint(w)
				got, p := stored(t, cp, fmt.Sprint(w)), reached[key]
				if got > p.asked {
					t.Errorf("cut %d, %s: update %d was never asked for, the last was %d", cut, key, got, p.asked)
				}
				if name == "synchronous" && got < p.acknowledged {
					t.Errorf("cut %d, %s: update %d was acknowledged, %d is stored", cut, key, p.acknowledged, got)
				}
				if sure := p.before(now.Add(-behindMax)); got < sure {
					t.Errorf("cut %d, %s: update %d was acknowledged %v ago, %d is stored", cut, key, sure, behindMax, got)
				}
				if got < begin[key] {
					t.Errorf("cut %d, %s: update %d was stored before, now %d", cut, key, begin[key], got)
				}
				total += p.acknowledged - begin[key]
			}
		}
		if n := len(m.copies()); n != len(attributes) {
			t.Errorf("%d copies, want %d", n, len(attributes))
		}
	}
	t.Logf("%d updates in %d rounds", total, cuts)
	if total == 0 {
		t.Error("no update was acknowledged")
	}
}

// After a cut-off of the service alone, segment and copy may differ by what was under way: the segment counts, the copy
// follows, and a later power cut finds what was acknowledged.
func TestKillThenPowerCut(t *testing.T) {
	t.Parallel()
	m := startMachine(t)
	a := m.dial()
	cp := openKept(t, a, "x", keptAttributes(agent.AllReplicas))
	if err := cp.Create(soon(t), []byte("s"), make([]byte, 16), math.MaxInt64); err != nil {
		t.Fatal(err)
	}
	rounds := 4
	if soak {
		rounds = 40
	}
	value := uint64(0)
	for range rounds {
		stop := time.Now().Add(time.Duration(50+rand.IntN(100)) * time.Millisecond)
		result := make(chan progress)
		go func() {
			result <- loadWriter(cp, "s", value, func() bool { return time.Now().After(stop.Add(50 * time.Millisecond)) })
		}()
		time.Sleep(time.Until(stop)) // in the middle of the load
		m.Kill()
		m.Restart(t)
		p := <-result
		value = p.acknowledged
		if got := stored(t, cp, "s"); got < p.acknowledged || got > p.asked {
			t.Fatalf("%d is stored, %d acknowledged, %d asked for", got, p.acknowledged, p.asked)
		}
		value = max(value, stored(t, cp, "s"))
	}
	m.powerCut()
	if got := stored(t, reopen(t, m.dial(), "x"), "s"); got < value {
		t.Errorf("%d is stored, %d was acknowledged", got, value)
	}
	if len(m.copies()) != 1 {
		t.Errorf("copies: %v", m.copies())
	}
}
