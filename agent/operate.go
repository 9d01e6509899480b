package agent

import (
	"context"

	"libckpt/internal/wire"
)

// Operate asks the directors for something on an operator's behalf. The reply says whether it was done. Errors: Access
// (neither root nor the service's own user), TryAgain (no director answers: not done), Timeout (it may have been done).
func (a *Agent) Operate(ctx context.Context, r *wire.OperatorRequest) (*wire.OperatorReply, error) {
	return query[wire.OperatorReply](ctx, a, wire.OpOperator, r)
}
