package dataset

import (
	"strconv"
	"strings"
	"testing"
)

// Each write waits for the disk before it returns, and does not if the site wants it so.
func TestWritesWaitForTheDisk(t *testing.T) {
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			counts := syncs(t, environment(t.TempDir()), flavour)
			for i, n := range counts {
				if n < 1 {
					t.Errorf("write %d returned without waiting for the disk", i)
				}
			}
			relaxed := 0
			for _, n := range syncs(t, environment(t.TempDir(), "CKPT_DATASET_SYNC=normal"), flavour) {
				relaxed += n
			}
			if relaxed > len(counts)/4 {
				t.Errorf("%d writes waited for the disk %d times although they need not", len(counts), relaxed)
			}
		})
	}
}

func syncs(t *testing.T, env []string, flavour string) (counts []int) {
	t.Helper()
	for _, text := range strings.Fields(passes(t, env, program(t, flavour, "durable"))) {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		counts = append(counts, n)
	}
	if len(counts) != 100 {
		t.Fatalf("%d writes were counted", len(counts))
	}
	return counts
}
