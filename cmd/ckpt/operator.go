package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"libckpt/agent"
	"libckpt/internal/wire"
)

// operate asks the directors for something and prints what they answer.
func (c *client) operate(cmd *cobra.Command, r wire.OperatorRequest, show func(io.Writer, *wire.OperatorReply), data func(*wire.OperatorReply) any) error {
	return c.ask("", func(ctx context.Context, a *agent.Agent) error {
		reply, err := a.Operate(ctx, &r)
		switch {
		case errors.Is(err, wire.Access):
			return errors.New("only root and the user that the service runs as may do that")
		case errors.Is(err, wire.TryAgain):
			return errors.New("no director answers: nothing was done; see \"ckpt status\"")
		case errors.Is(err, wire.Timeout):
			return errors.New("no director has answered in time: it may have been done or not; ask again")
		case err != nil:
			return err
		case reply.Error != wire.OK:
			return refusedBy(reply)
		}
		return c.print(cmd.OutOrStdout(), data(reply), func(w io.Writer) { show(w, reply) })
	})
}

func refusedBy(r *wire.OperatorReply) error {
	if r.Text == "" {
		return fmt.Errorf("the director refused: %v", r.Error)
	}
	return errors.New(r.Text)
}

func nodeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "node",
		Short: "Show, lock, unlock and remove nodes",
		Args:  cobra.NoArgs,
	}
	for _, s := range []struct {
		use, short, long string
		action           wire.OperatorAction
	}{
		{"list", "Show the nodes", "list shows the nodes that the directors know.", wire.OperatorNodes},
		{"lock NODE", "Put a node outside the cluster",
			`lock puts a node outside the cluster: its replicas move to other nodes, as soon as those have all updates, and it gets no
new ones but for its own programs. Replicas that no other node can have stay.`, wire.OperatorNodeLock},
		{"unlock NODE", "Take a locked node in again", "unlock takes a locked node in again.", wire.OperatorNodeUnlock},
		{"remove NODE", "Forget a node that is down",
			`remove forgets a node whose node director has been stopped: what it had open is closed, its replicas are given up. It
refuses if that would lose data, unless --accept-loss says that this is meant.`, wire.OperatorNodeRemove},
	} {
		var c client
		r := wire.OperatorRequest{Action: s.action}
		sub := &cobra.Command{Use: s.use, Short: s.short, Long: s.long, Args: cobra.ExactArgs(strings.Count(s.use, " ")),
			RunE: func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					r.Node = args[0]
				}
				return c.operate(cmd, r, printNodes, func(r *wire.OperatorReply) any { return nodesOf(r) })
			}}
		c.flags(sub)
		if s.action == wire.OperatorNodeRemove {
			sub.Flags().BoolVar(&r.AcceptLoss, "accept-loss", false, "lose checkpoints that only this node has")
		}
		cmd.AddCommand(sub)
	}
	return cmd
}

// nodeEntry is a node in JSON.
type nodeEntry struct {
	Name        string `json:"name"`
	Host        string `json:"host"`
	Up          bool   `json:"up"`
	Locked      bool   `json:"locked"`
	Controller  bool   `json:"controller"`
	Replicas    uint32 `json:"replicas"`
	ReplicasMax uint32 `json:"replicasMax"`
}

func nodesOf(r *wire.OperatorReply) []nodeEntry {
	entries := make([]nodeEntry, 0, len(r.Nodes))
	for _, n := range r.Nodes {
		entries = append(entries, nodeEntry{n.Name, n.Host, n.Up, n.Locked, n.Controller, n.Replicas, n.Max})
	}
	return entries
}

func printNodes(w io.Writer, r *wire.OperatorReply) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tHOST\tSTATE\tCONTROLLER\tREPLICAS")
	for _, n := range r.Nodes {
		state := "down"
		if n.Up {
			state = "up"
		}
		if n.Locked {
			state += ", locked"
		}
		controller := "no"
		if n.Controller {
			controller = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d of %d\n", n.Name, printable(n.Host), state, controller, n.Replicas, n.Max)
	}
	t.Flush()
}

func directorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "director",
		Short: "Show, add and remove directors; rebuild a lost store",
		Args:  cobra.NoArgs,
	}
	for _, s := range []struct {
		use, short, long string
		action           wire.OperatorAction
	}{
		{"list", "Show the directors", "list shows the directors of the group, and which one is active.", wire.OperatorDirectors},
		{"add NAME HOST:PORT", "Add a director to the group, or change its address",
			`add takes a director into the group. NAME is the node name it runs under (its key node), HOST:PORT where the others
reach it (its key raft-listen). Its data directory has to be empty, and it must not begin a group of its own: its key
directors names those that are there already, and not itself.`, wire.OperatorDirectorAdd},
		{"remove NAME", "Remove a director from the group",
			`remove takes a director out of the group; stop it afterwards, and move its data directory away before it is added
again.`, wire.OperatorDirectorRemove},
	} {
		var c client
		sub := &cobra.Command{Use: s.use, Short: s.short, Long: s.long, Args: cobra.ExactArgs(strings.Count(s.use, " ")),
			RunE: func(cmd *cobra.Command, args []string) error {
				r := wire.OperatorRequest{Action: s.action}
				if len(args) > 0 {
					r.Node = args[0]
				}
				if len(args) > 1 {
					r.Address = args[1]
				}
				return c.operate(cmd, r, printDirectors, func(r *wire.OperatorReply) any { return directorsOf(r) })
			}}
		c.flags(sub)
		cmd.AddCommand(sub)
	}
	cmd.AddCommand(rebuildCommand())
	return cmd
}

// directorEntry is a director in JSON.
type directorEntry struct {
	Name    string `json:"name"`
	Address string `json:"address"` // "" = it has no others
	Active  bool   `json:"active"`
}

func directorsOf(r *wire.OperatorReply) []directorEntry {
	entries := make([]directorEntry, 0, len(r.Directors))
	for _, d := range r.Directors {
		entries = append(entries, directorEntry{d.ID, d.Address, d.Leader})
	}
	return entries
}

func printDirectors(w io.Writer, r *wire.OperatorReply) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "DIRECTOR\tADDRESS\tSTATE")
	for _, d := range r.Directors {
		state, address := "standby", d.Address
		if d.Leader {
			state = "active"
		}
		if address == "" {
			address = "-"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", d.ID, address, state)
	}
	t.Flush()
}
