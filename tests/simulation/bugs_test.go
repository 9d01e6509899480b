package simulation

import (
	"os/exec"
	"strings"
	"testing"
)

// bugs are the deliberate mistakes that a build tag puts into the protocol, and how soon the simulation must find each.
var bugs = []struct {
	tag  string
	what string
}{
	{"ckpt_bug_epoch", "messages of other epochs are obeyed"},
	{"ckpt_bug_commit", "an update is committed before the last acknowledgement"},
	{"ckpt_bug_lease", "a follower reads without a lease"},
	{"ckpt_bug_tail", "a new active forgets uncommitted updates"},
	{"ckpt_bug_mark", "a marked section is read"},
	{"ckpt_bug_joiner", "a joiner reads before it counts"},
	{"ckpt_bug_retry", "a repeated request is carried out again"},
	{"ckpt_bug_support", "an active acts without the others' promises: two when the directors are away"},
	{"ckpt_bug_gone", "a checkpoint that was deleted while a node was away lives on there"},
}

const bugSeeds = "5000"

// TestBugs shows that the simulation finds bugs.
func TestBugs(t *testing.T) {
	if raceDetector {
		t.Skip("without the race detector only: it builds programs of its own")
	}
	for _, bug := range bugs {
		t.Run(strings.TrimPrefix(bug.tag, "ckpt_bug_"), func(t *testing.T) {
			out, err := exec.Command(program(t, bug.tag), "-seeds", bugSeeds, "-stop").Output()
			first, _, _ := strings.Cut(string(out), "\n")
			exit, ended := err.(*exec.ExitError)
			switch {
			case err == nil:
				t.Errorf("%s: not found within %s seeds: %s", bug.what, bugSeeds, first)
			case !ended || exit.ExitCode() != 1:
				t.Errorf("%s: %v\n%s", bug.what, err, out)
			default:
				t.Logf("%s: %s", bug.what, first)
			}
		})
	}
}
