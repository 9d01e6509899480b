package simulation

import (
	"fmt"
	"strings"

	"libckpt/director"
	"libckpt/nodedirector/replication"
)

// brief makes one line of a message for the trace.
func brief(m replication.Message) string {
	switch m := m.(type) {
	case *replication.Beat:
		return fmt.Sprintf("beat seq %d known %d echo %d/%d", m.Seq, m.Known, m.Echo.Incarnation, m.Echo.Seq)
	case *replication.Item:
		s := fmt.Sprintf("item %d of stream %d.%d.%d committed %d", m.Seq, m.Link.Epoch.Counter, m.Link.Incarnation, m.Link.Stream, m.Committed)
		switch {
		case m.Update != nil:
			s += fmt.Sprintf(" update %d", m.Update.Number)
			for _, op := range m.Update.Ops {
				s += fmt.Sprintf(" %d:%q", op.Kind, op.Section)
			}
			if m.Update.HasResult {
				s += fmt.Sprintf(" of session %d slot %d number %d", m.Update.Result.Session, m.Update.Result.Slot, m.Update.Result.Number)
			}
		case m.Section != nil:
			s += fmt.Sprintf(" section %q exists %v number %d", m.Section.ID, m.Section.Exists, m.Section.Number)
		case m.Results != nil:
			s += fmt.Sprintf(" results +%d -%d", len(m.Results.Results), len(m.Results.Drop))
		case m.Base != nil:
			s += fmt.Sprintf(" base %d", m.Base.Number)
		}
		return s
	case *replication.Forward:
		return fmt.Sprintf("forward epoch %d to incarnation %d seq %d floor %d kind %d session %d slot %d number %d", m.Epoch.Counter, m.ToIncarnation,
			m.Seq, m.Floor, m.Request.Kind, m.Request.Update.Request.Session, m.Request.Update.Request.Slot, m.Request.Update.Request.Number)
	case *replication.Report:
		return fmt.Sprintf("report epoch %d number %d committed %d complete %v marked %d tail %d", m.Link.Epoch.Counter, m.Number, m.Committed,
			m.Complete, len(m.Marked), len(m.Tail))
	}
	return strings.TrimPrefix(fmt.Sprintf("%T%+v", m, m), "*replication.")
}

// describe makes one line of a command.
func describe(c director.Command) string {
	return strings.TrimPrefix(fmt.Sprintf("%T%+v", c, c), "*director.")
}
