package service

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

func document(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testcluster.Root(), path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Each module that libckpt uses itself is accounted for.
func TestDependenciesAreDocumented(t *testing.T) {
	text := document(t, "docs/dependencies.md")
	direct := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(document(t, "go.mod"), -1)
	if len(direct) == 0 {
		t.Fatal("no direct requirement found in go.mod")
	}
	for _, m := range direct {
		if name := strings.TrimPrefix(m[1], "github.com/"); !strings.Contains(text, name) {
			t.Errorf("docs/dependencies.md does not say what %s is for", m[1])
		}
	}
}

// Each function of the headers is in the list of functions.
func TestFunctionsAreDocumented(t *testing.T) {
	text := document(t, "docs/api.md")
	functions := regexp.MustCompile(`\b(saCkpt\w+|saAis\w+|ncsCkpt\w+|clCkpt\w+|clHeap\w+|clName\w+|clOsal\w+)\(`)
	seen := make(map[string]bool)
	for _, header := range []string{"saAis_B_5_14.h", "saCkpt.h", "saCkpt_B_02_03.h", "opensaf/cpsv_papi.h",
		"clCkptApi.h", "clCkptExtApi.h", "clCkptIpi.h", "clHeapApi.h", "clCommon.h", "clOsalApi.h"} {
		for _, m := range functions.FindAllStringSubmatch(document(t, "include/"+header), -1) {
			seen[m[1]] = true
		}
	}
	if len(seen) < 80 {
		t.Fatalf("%d functions found in the headers, there are 80", len(seen))
	}
	for name := range seen {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/api.md does not mention %s", name)
		}
	}
}

// Links between documents lead somewhere.
func TestLinks(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testcluster.Root(), "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	for _, file := range append(files, filepath.Join(testcluster.Root(), "README.md")) {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), m[1])); err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
			}
		}
	}
}

// Each test that docs/guarantees.md names, as directory, function and subtest, exists: a subtest as a string in the tests of
// the directory, with or without its first word (TestFaults makes "kill ..." of some names), or as a transcript.
func TestGuaranteesNameTests(t *testing.T) {
	text := document(t, "docs/guarantees.md")
	names := regexp.MustCompile("`([a-z/]+) (Test[A-Z]\\w*)(?:/([^`\\s]+))?`").FindAllStringSubmatch(text, -1)
	if len(names) < 100 {
		t.Fatalf("%d tests are named, there are more than 100", len(names))
	}
	if all := regexp.MustCompile(`\bTest[A-Z]`).FindAllString(text, -1); len(all) != len(names) {
		t.Errorf("%d tests are named, %d of them with their directory", len(all), len(names))
	}
	for _, m := range names {
		dir := filepath.Join(testcluster.Root(), m[1])
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var tests strings.Builder
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
		if !strings.Contains(tests.String(), "\nfunc "+m[2]+"(t *testing.T)") {
			t.Errorf("there is no test %s in %s", m[2], m[1])
		}
		if m[3] == "" {
			continue
		}
		sub := strings.ReplaceAll(m[3], "_", " ")
		_, rest, _ := strings.Cut(sub, " ")
		_, after, _ := strings.Cut(rest, " ") // "power off ..."
		found := false
		for _, name := range []string{sub, rest, after} {
			found = found || name != "" && strings.Contains(tests.String(), `"`+name+`"`)
		}
		if _, err := os.Stat(filepath.Join(dir, "testdata", m[3]+".txt")); err != nil && !found {
			t.Errorf("%s %s has no subtest %s", m[1], m[2], m[3])
		}
	}
}
