//go:build !segmenthook

package segment

import (
	"context"
	"os/exec"
	"testing"
	"time"
)

// TestStoppedWriter runs the tests of crash_store_test.go, which need every store of the writer to be
// interceptable: that is compiled in with a build tag only, so that the product pays nothing for it.
func TestStoppedWriter(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("SKIPPED: no go command to build the test with the tag segmenthook")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-tags", "segmenthook", "-run", "EveryStore", "-v", ".")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
