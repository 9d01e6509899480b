package agent

import (
	"context"
	"time"

	"libckpt/internal/wire"
)

// NodeStatus describes the node director.
type NodeStatus = wire.NodeStatusReply

// Config is the configuration of one checkpoint.
type Config = wire.Config

// Shown is what an operator sees of one checkpoint.
type Shown = wire.ShowReply

// query asks the node director something that is not about an open checkpoint.
func query[T any](ctx context.Context, a *Agent, op wire.Op, body any) (*T, error) {
	reply := new(T)
	_, err := a.wait(ctx, func(d time.Duration, done func(*Result)) {
		a.call(&request{op: op, out: reply, deadline: after(d), done: plain(done)}, body)
	})
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// NodeStatus asks the node director about itself. Errors: TryAgain, Timeout.
func (a *Agent) NodeStatus(ctx context.Context) (*NodeStatus, error) {
	return query[NodeStatus](ctx, a, wire.OpNodeStatus, nil)
}

// List lists the cluster's checkpoints by name. Errors: TryAgain, Timeout.
func (a *Agent) List(ctx context.Context) ([]Config, error) {
	var all []Config
	var from wire.ListRequest
	for {
		r, err := query[wire.ListReply](ctx, a, wire.OpList, &from)
		if err != nil {
			return nil, err
		}
		all = append(all, r.Checkpoints...)
		if !r.More || len(r.Checkpoints) == 0 {
			return all, nil
		}
		last := &all[len(all)-1]
		from = wire.ListRequest{AfterName: last.Name, After: last.Checkpoint}
	}
}

// Show describes one checkpoint by name. Errors: NotExist, TryAgain, Timeout.
func (a *Agent) Show(ctx context.Context, name string) (*Shown, error) {
	return query[Shown](ctx, a, wire.OpShow, &wire.UnlinkRequest{Name: name})
}
