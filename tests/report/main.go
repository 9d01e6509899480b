// Report reads what "go test -json" prints and shows it for people: a line a package, the whole output of what failed,
// and at the end every test that was skipped, with its reason, and the counts. Exits with 1 if anything failed.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// event is a line of go test -json (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

const lineBytesMax = 16 << 20

func main() {
	output := map[string][]string{} // of a test or package that has not ended
	count := map[string]int{}
	var skipped []string
	packages := 0
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, lineBytesMax)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Println(lines.Text()) // of the go command itself
			continue
		}
		key := e.Package + e.ImportPath + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
			continue
		case "pass", "fail", "skip", "build-fail":
		default:
			continue
		}
		text := strings.Join(output[key], "")
		delete(output, key)
		switch {
		case e.Action == "build-fail":
			count["fail"]++
			fmt.Print(text)
		case e.Test == "":
			packages++
			if e.Action == "fail" {
				count["fail"]++
				fmt.Print(text)
			}
			if e.Action != "skip" { // skip: a package without tests
				fmt.Printf("%-4s  %-32s %6.1f s\n", e.Action, e.Package, e.Elapsed)
			}
		default:
			count[e.Action]++
			if e.Action == "fail" {
				fmt.Print(text)
			}
			if e.Action == "skip" {
				skipped = append(skipped, fmt.Sprintf("skipped: %s %s: %s", e.Package, e.Test, reason(text)))
			}
		}
	}
	if err := lines.Err(); err != nil || packages == 0 {
		fmt.Println("the output of go test ends early:", err)
		os.Exit(1)
	}
	slices.Sort(skipped)
	for _, s := range skipped {
		fmt.Println(s)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
	if count["fail"] > 0 {
		os.Exit(1)
	}
}

// reason is what a skipped test said: its output without the lines of go test itself.
func reason(output string) string {
	var said []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") && line != "" {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}
