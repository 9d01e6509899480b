package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/wire"
)

func showCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show one checkpoint: attributes, replicas, users",
		Long: `show prints what a checkpoint was created with, what is in it, where its replicas are and who uses it: everything
that OpenSAF's SaCkptCheckpoint and SaCkptReplica objects gave. In JSON the names are those of OpenSAF's attributes
without their prefix; times are nanoseconds.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.ask(args[0], func(ctx context.Context, a *agent.Agent) error {
				r, err := a.Show(ctx, args[0])
				if err != nil {
					return err
				}
				d := describe(r)
				return c.print(cmd.OutOrStdout(), d, func(w io.Writer) { printDetails(w, d) })
			})
		},
	}
	c.flags(cmd)
	return cmd
}

// details is a checkpoint in show. The first part are OpenSAF's attributes.
type details struct {
	Name               string `json:"name"`
	CreationTimestamp  int64  `json:"creationTimestamp"` // ns since 1970
	CreationFlags      uint32 `json:"creationFlags"`
	MaxSections        uint32 `json:"maxSections"`
	MaxSectionSize     uint64 `json:"maxSectionSize"`
	MaxSectionIDSize   uint64 `json:"maxSectionIdSize"`
	Size               uint64 `json:"size"`
	UsedSize           uint64 `json:"usedSize"`
	RetDuration        int64  `json:"retDuration"` // ns
	NumOpeners         uint32 `json:"numOpeners"`
	NumReaders         uint32 `json:"numReaders"`
	NumWriters         uint32 `json:"numWriters"`
	NumReplicas        int    `json:"numReplicas"`
	NumSections        uint32 `json:"numSections"`
	NumCorruptSections uint32 `json:"numCorruptSections"`

	Replicas []replica `json:"replicas"`

	Number    uint64    `json:"number"`
	Epoch     [2]uint64 `json:"epoch"`     // generation, counter
	Update    uint64    `json:"update"`    // number of the last one
	Allocated uint64    `json:"allocated"` // bytes of shared memory on the node that answers
	OpenOn    []string  `json:"openOn"`    // nodes
	Unlinked  bool      `json:"unlinked"`
}

// replica is one replica of a checkpoint.
type replica struct {
	Node string `json:"node"`
	// IsActive has OpenSAF's meaning: 0 only for a collocated asynchronous replica that is not the active one.
	IsActive int    `json:"isActive"`
	Role     string `json:"role"` // active, in sync or joining
	// Lag is how many updates it has not applied that the active one has; -1 = not known.
	Lag int64 `json:"lag"`
}

func describe(r *wire.ShowReply) *details {
	a := &r.Config.Attributes
	d := &details{
		Name:               r.Config.Name,
		CreationTimestamp:  r.Config.Created,
		CreationFlags:      a.CreationFlags,
		MaxSections:        a.MaxSections,
		MaxSectionSize:     a.MaxSectionSize,
		MaxSectionIDSize:   a.MaxSectionIDSize,
		Size:               a.CheckpointSize,
		UsedSize:           r.UsedSize,
		RetDuration:        a.RetentionDuration,
		NumOpeners:         r.Openers,
		NumReaders:         r.Readers,
		NumWriters:         r.Writers,
		NumReplicas:        len(r.Config.InSync) + len(r.Config.Joining),
		NumSections:        r.Sections,
		NumCorruptSections: r.Corrupted,
		Replicas:           []replica{},
		Number:             r.Config.Checkpoint,
		Epoch:              [2]uint64{r.Config.Epoch.Generation, r.Config.Epoch.Counter},
		Update:             r.Update,
		Allocated:          r.Allocated,
		OpenOn:             list(r.Config.Open),
		Unlinked:           r.Config.Unlinked,
	}
	add := func(nodes []string, role string) {
		for _, n := range nodes {
			p := replica{Node: n, IsActive: 1, Role: role, Lag: lag(r, n)}
			if n == r.Config.Active {
				p.Role = "active"
			} else if a.Collocated() && a.Asynchronous() {
				p.IsActive = 0
			}
			d.Replicas = append(d.Replicas, p)
		}
	}
	add(r.Config.InSync, "in sync")
	add(r.Config.Joining, "joining")
	return d
}

// lag is how many updates a node's replica lacks; -1: not known.
func lag(r *wire.ShowReply, node string) int64 {
	update := func(node string) (uint64, bool) {
		for i := range r.Holders {
			if h := &r.Holders[i]; h.Node == node {
				return h.Update, h.Answered && h.Replica
			}
		}
		return 0, false
	}
	here, known := update(node)
	active, also := update(r.Config.Active)
	switch {
	case !known || !also:
		return -1
	case here >= active: // it was asked later
		return 0
	}
	return int64(min(active-here, math.MaxInt64))
}

func lagText(lag int64) string {
	switch lag {
	case -1:
		return ", does not answer"
	case 0:
		return ""
	}
	return fmt.Sprintf(", %s behind", count(uint64(lag), "update"))
}

func printDetails(w io.Writer, d *details) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "name\t%s\n", printable(d.Name))
	fmt.Fprintf(t, "number, epoch\t%d, %d.%d\n", d.Number, d.Epoch[0], d.Epoch[1])
	fmt.Fprintf(t, "created\t%s\n", timeText(d.CreationTimestamp))
	fmt.Fprintf(t, "updates\t%s, %d so far\n", updateMode(d.CreationFlags), d.Update)
	fmt.Fprintf(t, "sections\t%d of %d, %d corrupted\n", d.NumSections, d.MaxSections, d.NumCorruptSections)
	fmt.Fprintf(t, "section size\tat most %s\n", sizeText(d.MaxSectionSize))
	fmt.Fprintf(t, "section id\tat most %s\n", count(d.MaxSectionIDSize, "byte"))
	fmt.Fprintf(t, "stored\t%s, checkpoint size %s, shared memory %s\n", sizeText(d.UsedSize), sizeText(d.Size), sizeText(d.Allocated))
	fmt.Fprintf(t, "retention\t%s\n", durationText(d.RetDuration))
	fmt.Fprintf(t, "open\t%s (%s, %s)\n", count(uint64(d.NumOpeners), "time"), count(uint64(d.NumReaders), "reader"),
		count(uint64(d.NumWriters), "writer"))
	fmt.Fprintf(t, "open on\t%s\n", orNone(strings.Join(d.OpenOn, " ")))
	if d.Unlinked {
		fmt.Fprintf(t, "unlinked\tyes\n")
	}
	for i, r := range d.Replicas {
		title := "replicas"
		if i > 0 {
			title = ""
		}
		fmt.Fprintf(t, "%s\t%s: %s%s\n", title, r.Node, r.Role, lagText(r.Lag))
	}
	t.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "no node"
	}
	return s
}
