package wire

import (
	"strings"
	"testing"
)

func TestReplySubject(t *testing.T) {
	replies := SubjectReplies("lab", 0xabc)
	for _, want := range []struct {
		slot   uint16
		number uint64
	}{{0, 1}, {63, 1<<64 - 1}, {65535, 0}} {
		slot, number, ok := ParseReply(SubjectReply(replies, want.slot, want.number))
		if !ok || slot != want.slot || number != want.number {
			t.Errorf("%v: got %d, %d, %t", want, slot, number, ok)
		}
	}
	for _, s := range []string{"", ".", "ckpt", "ckpt.lab.r.0000000000000abc", "a.b.c", "a.1.", "a..1", "a.65536.1", "a.-1.1", "a.1.x", "1.1."} {
		if slot, number, ok := ParseReply(s); ok {
			t.Errorf("%q: taken as slot %d, number %d", s, slot, number)
		}
	}
}

func TestSubjectsOfSessionsDoNotMeet(t *testing.T) {
	seen := map[string]bool{}
	for _, cluster := range []string{"a", "b"} {
		for session := range uint64(3) {
			for _, s := range []string{
				SubjectSession(cluster, "n", session), SubjectSession(cluster, "m", session),
				SubjectReplies(cluster, session), SubjectEvents(cluster, session),
			} {
				if seen[s] || strings.ContainsAny(s, " *>") {
					t.Errorf("%q twice, or not a subject", s)
				}
				seen[s] = true
			}
		}
	}
}

func TestValidToken(t *testing.T) {
	for s, want := range map[string]bool{
		"a": true, "Node-1_x": true, strings.Repeat("z", 64): true,
		"": false, "a.b": false, "a b": false, "*": false, "n>": false, "ä": false, strings.Repeat("z", 65): false,
	} {
		if ValidToken(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}

func TestEpochOrder(t *testing.T) {
	order := []Epoch{{0, 0}, {0, 9}, {1, 0}, {1, 1}, {2, 0}}
	for i, e := range order {
		for j, f := range order {
			if e.Less(f) != (i < j) {
				t.Errorf("%v before %v: %t", e, f, e.Less(f))
			}
		}
	}
}
