package dataset

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	crowd      = 5   // processes at once
	deleters   = 2   // of them, in the test about that
	crowdCalls = 120 // of each
)

// Several processes on one checkpoint, each with a dataset and an element of its own and a dataset of all. Nobody's data
// is lost or mixed with another's, and nobody gets an error for the others' sake.
func TestSeveralProcesses(t *testing.T) {
	env := environment(t.TempDir())
	var wait sync.WaitGroup
	for i := range crowd {
		s := ready(t, env, flavours[i%2], "crowd")
		wait.Go(func() {
			own, name := 10+i, x("crowd")
			s.expect(ok, "dataset %s %d", name, own)
			for call := range crowdCalls {
				data := fmt.Sprintf("%d of %d %s", call, i, strings.Repeat("x", call*17))
				s.expect(ok, "write %s %d %s", name, own, x(data))
				s.expect(ok, "ewrite %s 1 %s %s", name, x(fmt.Sprint(i)), x(data))
				if call%3 == 0 {
					s.expect(ok, "ewrite %s %d %s %s", name, own, x("e"), x(data))
					s.expect("0x0 e:"+data+" d:"+data, "read %s %d", name, own)
					s.expect(ok, "edelete %s %d %s", name, own, x("e"))
				}
				s.expect("0x0 d:"+data, "read %s %d", name, own)
				s.expect("0x0 true", "exists %s", name)
			}
			s.quiet()
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	s := ready(t, env, "doc", "crowd")
	if got := strings.Count(s.do("read %s 1", x("crowd")), "e:"); got != crowd {
		t.Errorf("%d elements in the dataset of all, want %d", got, crowd)
	}
}

// expect is want for goroutines of a test: it goes on after a failure.
func (s *session) expect(want, format string, args ...any) {
	if got := s.attempt(format, args...); got != want {
		s.t.Errorf("%.60s: %.200s, want %.200s", fmt.Sprintf(format, args...), got, want)
	}
}

// attempt is do that gives "" if there is no answer.
func (s *session) attempt(format string, args ...any) string {
	line := fmt.Sprintf(format, args...)
	if _, err := s.in.Write([]byte(line + "\n")); err != nil {
		return ""
	}
	select {
	case answer := <-s.lines:
		return decoded(s.t, answer)
	case <-time.After(patience):
		return ""
	}
}

// While some write, others delete the checkpoint and make it anew. Every call either works or says that it does not exist;
// what is read was written, and in the end the checkpoint is as usable as ever.
func TestDeletedAgainAndAgain(t *testing.T) {
	env := environment(t.TempDir())
	seed := uint64(time.Now().UnixNano())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	var wait sync.WaitGroup
	var lock sync.Mutex
	seen := make(map[string]int)
	var sessions []*session
	for i := range crowd {
		sessions = append(sessions, ready(t, env, flavours[i%2], "unsteady"))
	}
	for i, s := range sessions {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		wait.Go(func() {
			name := x("unsteady")
			for range 3 * crowdCalls {
				line := "write " + name + " 1 " + x("data")
				switch n := random.IntN(10); {
				case i < deleters && n == 0:
					line = "delete " + name
				case n == 1:
					line = "create " + name
				case n <= 3:
					line = "dataset " + name + " 1"
				case n == 4:
					line = "read " + name + " 1"
				case n == 5:
					line = "ewrite " + name + " 1 " + x("e") + " " + x("element")
				case n == 6:
					line = "exists " + name
				}
				got := s.attempt("%s", line)
				if got == nullPointer && i < deleters && !strings.HasPrefix(line, "create") {
					got = notExist // who deletes a checkpoint gives back its functions
				}
				lock.Lock()
				seen[strings.Fields(line)[0]+" "+got]++
				lock.Unlock()
			}
			s.quiet()
		})
	}
	wait.Wait()
	for what := range seen {
		switch verb, got, _ := strings.Cut(what, " "); {
		case got == ok && verb != "read", got == notExist && verb != "create":
		case verb == "exists" && (got == "0x0 true" || got == "0x0 false"):
		case verb == "read" && (got == "0x0 d:data" || got == "0x0 e:element" || got == "0x0 e:element d:data"):
		default:
			t.Errorf("%s, %d times", what, seen[what])
		}
	}
	if seen["delete "+ok] == 0 || seen["write "+ok] == 0 || seen["write "+notExist] == 0 {
		t.Errorf("deleting and writing did not meet: %v", seen)
	}
	s := ready(t, env, "doc", "unsteady")
	s.want(ok, "write %s 1 %s", x("unsteady"), x("end"))
	s.quiet()
}

// A read is of one moment, however long its deserializers take while another process writes.
func TestReadIsOfOneMoment(t *testing.T) {
	const reads = 100
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			env := environment(t.TempDir())
			cmd := exec.Command(program(t, flavour, "snapshot"), "write")
			cmd.Env = env
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				cmd.Process.Kill()
				cmd.Wait()
			}()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
				t.Fatalf("the writer: %q, %v", line, err)
			}
			text := strings.TrimSpace(passes(t, env, program(t, flavour, "snapshot"), "read", strconv.Itoa(reads)))
			if advanced, err := strconv.Atoi(text); err != nil || advanced < reads/5 {
				t.Errorf("the writer got on by %q in %d reads: nothing is shown", text, reads)
			}
		})
	}
}
