// Package transcript runs tests that are written as files to be read by people. A line of such a file that is neither
// indented nor a comment is a command; the indented lines after it are what it came to.
package transcript

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// Test carries out the commands of each testdata/*.txt in a test of its own. start begins one: do carries out a command,
// given as its words, and writes what it came to, in indented lines, to out.
func Test(t *testing.T, start func(t *testing.T, out *strings.Builder) (do func(words []string))) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			do := start(t, &out)
			for line := range strings.SplitSeq(strings.TrimRight(string(want), "\n"), "\n") {
				if strings.HasPrefix(line, "  ") {
					continue
				}
				out.WriteString(line + "\n")
				if line != "" && line[0] != '#' {
					do(strings.Fields(line))
				}
			}
			got := out.String()
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s differs; go test -update shows how. Got:\n%s", file, got)
			}
		})
	}
}
