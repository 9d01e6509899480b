package abi

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// fronts are the shared objects a program can be linked with; each is its own SONAME.
var fronts = []string{"libckpt.so.1", "libSaCkpt.so.1", "libClCkpt.so"}

// library returns the path of a built library, or fails with the way to build it.
func library(t *testing.T, name string) string {
	t.Helper()
	return testcluster.Binary(t, "lib/"+name)
}

// publicSymbols reads symbols.txt.
func publicSymbols(t *testing.T) []string {
	t.Helper()
	f, err := os.Open("symbols.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var symbols []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			symbols = append(symbols, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return symbols
}

// dynamic returns the values of one tag of a library's dynamic section, such as SONAME.
func dynamic(t *testing.T, path, tag string) []string {
	t.Helper()
	var values []string
	for line := range strings.Lines(run(t, "readelf", "--dynamic", "--wide", path)) {
		if !strings.Contains(line, "("+tag+")") {
			continue
		}
		_, rest, found := strings.Cut(line, "[")
		value, _, closed := strings.Cut(rest, "]")
		if !found || !closed {
			t.Fatalf("readelf: no value in %q", line)
		}
		values = append(values, value)
	}
	return values
}

// Each library defines the public symbols and nothing else, and none carries a version: nm would
// show one behind an @.
func TestExportedSymbols(t *testing.T) {
	want := publicSymbols(t)
	if !slices.IsSorted(want) {
		t.Error("symbols.txt is not sorted")
	}
	for _, name := range fronts {
		t.Run(name, func(t *testing.T) {
			var got []string
			for line := range strings.Lines(run(t, "nm", "-D", "--defined-only", library(t, name))) {
				fields := strings.Fields(line)
				got = append(got, fields[len(fields)-1])
			}
			slices.Sort(got)
			for _, s := range got {
				if _, found := slices.BinarySearch(want, s); !found {
					t.Errorf("%s is exported but is not public", s)
				}
			}
			for _, s := range want {
				if _, found := slices.BinarySearch(got, s); !found {
					t.Errorf("%s is public but is not exported", s)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d symbols are exported, %d are public", len(got), len(want))
			}
		})
	}
}

// A program records the SONAME of what it was linked with; OpenSAF's programs have libSaCkpt.so.1,
// OpenClovis' have libClCkpt.so.
func TestSoname(t *testing.T) {
	for _, name := range fronts {
		if got := dynamic(t, library(t, name), "SONAME"); !slices.Equal(got, []string{name}) {
			t.Errorf("SONAME of %s is %q", name, got)
		}
	}
}

// A program that is merely linked pulls in the C library and the loader, no more.
func TestNeeded(t *testing.T) {
	for _, name := range fronts {
		for _, needed := range dynamic(t, library(t, name), "NEEDED") {
			if needed != "libc.so.6" && !strings.HasPrefix(needed, "ld-linux") {
				t.Errorf("%s needs %s", name, needed)
			}
		}
	}
}

// The linker finds each library by its development name, and every link still works when the whole
// directory is moved.
func TestSymlinks(t *testing.T) {
	for _, name := range fronts {
		development, versioned := strings.CutSuffix(name, ".1")
		if !versioned {
			continue
		}
		got, err := filepath.EvalSymlinks(library(t, development))
		if err != nil {
			t.Fatal(err)
		}
		want, err := filepath.EvalSymlinks(library(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s leads to %s, not to %s", development, got, want)
		}
		link := filepath.Join(filepath.Dir(library(t, name)), development)
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s is not a symbolic link", development)
		}
	}

	dir := filepath.Dir(library(t, fronts[0]))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Type()&os.ModeSymlink == 0 {
			continue
		}
		target, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(target) != target {
			t.Errorf("%s leads out of its directory, to %s", entry.Name(), target)
		}
		if _, err := os.Stat(filepath.Join(dir, entry.Name())); err != nil {
			t.Errorf("%s leads nowhere: %v", entry.Name(), err)
		}
	}
}
