package service

import (
	"encoding/csv"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// The benchmark itself: it exits with 0 only if every call succeeded and what it wrote was read back. How long that took
// is not looked at.
func TestBench(t *testing.T) {
	c := testcluster.Start(t, testcluster.Options{})
	o := runAs(t, 0, c.Env(), filepath.Join(testcluster.Root(), "build/tests/bench"), "--seconds", "0.005")
	if o.status != 0 {
		t.Fatalf("status %d: %s", o.status, o.stderr)
	}
	rows, err := csv.NewReader(strings.NewReader(o.stdout)).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	measured := map[string]bool{}
	for _, r := range rows[1:] {
		calls, err := strconv.Atoi(r[4])
		if err != nil || calls < 1 {
			t.Errorf("%v: no call was measured", r)
		}
		measured[r[0]] = true
		for i := 6; i < 9; i++ {
			lower, err1 := strconv.ParseFloat(r[i-1], 64)
			upper, err2 := strconv.ParseFloat(r[i], 64)
			if err1 != nil || err2 != nil || lower > upper || lower <= 0 {
				t.Errorf("%v: %s before %s", r, r[i-1], r[i])
			}
		}
	}
	for _, operation := range []string{"read", "write", "overwrite", "section_create", "section_delete", "open_close",
		"create_unlink_close", "initialize_finalize", "clckpt_read", "clckpt_write", "clckpt_overwrite"} {
		if !measured[operation] {
			t.Errorf("%s is not measured", operation)
		}
	}
}
