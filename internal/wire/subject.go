package wire

import (
	"fmt"
	"strconv"
	"strings"
)

// Subjects. Cluster and node names are single tokens (see ValidToken).

// SubjectSession is where a session sends its requests to its node director.
func SubjectSession(cluster, node string, session uint64) string {
	return fmt.Sprintf("ckpt.%s.n.%s.s.%016x", cluster, node, session)
}

// SubjectReplies is the prefix of a session's replies: a reply goes to SubjectReply.
func SubjectReplies(cluster string, session uint64) string {
	return fmt.Sprintf("ckpt.%s.r.%016x", cluster, session)
}

// SubjectReply is where the answer to one request goes. The bus itself answers there, with status 503, when
// nobody listens on the session's subject.
func SubjectReply(replies string, slot uint16, number uint64) string {
	b := make([]byte, 0, len(replies)+28)
	b = append(b, replies...)
	b = append(b, '.')
	b = strconv.AppendUint(b, uint64(slot), 10)
	b = append(b, '.')
	return string(strconv.AppendUint(b, number, 10))
}

// ParseReply gives slot and number of a reply subject.
func ParseReply(subject string) (slot uint16, number uint64, ok bool) {
	i := strings.LastIndexByte(subject, '.')
	if i < 0 {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(subject[i+1:], 10, 64)
	if err != nil {
		return 0, 0, false
	}
	j := strings.LastIndexByte(subject[:i], '.')
	s, err := strconv.ParseUint(subject[j+1:i], 10, 16)
	if err != nil {
		return 0, 0, false
	}
	return uint16(s), n, true
}

// SubjectEvents is where a session gets its notifications.
func SubjectEvents(cluster string, session uint64) string {
	return fmt.Sprintf("ckpt.%s.e.%016x", cluster, session)
}

// SubjectDirector is where the active director answers node directors.
func SubjectDirector(cluster string) string { return "ckpt." + cluster + ".d" }

// SubjectChanged is where the active director says that configurations changed; node directors then ask what.
func SubjectChanged(cluster string) string { return "ckpt." + cluster + ".changed" }

// SubjectPeer is where a node director gets messages of the others, for any incarnation of it; channel as in
// SubjectIncarnation.
func SubjectPeer(cluster, node, channel string) string {
	return "ckpt." + cluster + ".p." + node + "." + channel
}

// SubjectIncarnation is where one incarnation of a node director gets messages of the others; those on the channel
// "control" do not queue up behind those on "update".
func SubjectIncarnation(cluster, node string, incarnation uint64, channel string) string {
	return fmt.Sprintf("ckpt.%s.p.%s.%016x.%s", cluster, node, incarnation, channel)
}

// SubjectShow is where a node director tells others what it has of a checkpoint.
func SubjectShow(cluster, node string) string { return "ckpt." + cluster + ".p." + node + ".show" }

// ValidToken reports whether s may be a cluster or node name: 1 to 64 letters, digits, '-' and '_'.
func ValidToken(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
