package abi

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// build compiles a program of testdata against the headers and a library, and returns its path.
func build(t *testing.T, d dialect, source, library string, more ...string) string {
	t.Helper()
	if _, err := exec.LookPath(d.argv[0]); err != nil {
		t.Skipf("%s is not installed", d.argv[0])
	}
	root := testcluster.Root()
	program := filepath.Join(t.TempDir(), "program")
	argv := append([]string{}, d.argv...)
	argv = append(argv, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I", filepath.Join(root, "include"))
	argv = append(argv, filepath.Join("testdata", source), "-o", program)
	argv = append(argv, more...)
	if library != "" {
		dir := filepath.Join(root, "build", "lib")
		argv = append(argv, "-L"+dir, "-l"+library, "-Wl,-rpath,"+dir)
	}
	run(t, argv...)
	return program
}

// Memory works without Initialize, in a program linked with any of the libraries.
func TestHeap(t *testing.T) {
	for _, name := range fronts {
		t.Run(name, func(t *testing.T) {
			short, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(library(t, name)), "lib"), ".so")
			run(t, build(t, c11, "heap.c", short))
		})
	}
}

// What the headers define themselves works in a program that is linked with nothing. In the strict
// dialects the system's headers hide most of their functions.
func TestHeaderFunctions(t *testing.T) {
	gnu11 := dialect{"gnu11", []string{"gcc", "-std=gnu11"}}
	for _, d := range []dialect{gnu89, gnu11, c99, c11, cxx17} {
		t.Run(d.name, func(t *testing.T) {
			if got := run(t, build(t, d, "helpers.c", "")); got != "printed 7\n" {
				t.Errorf("%q", got)
			}
		})
	}
}

// A program records the name of the library that OpenClovis' programs were linked with.
func TestClovisProgramNeeds(t *testing.T) {
	library(t, "libClCkpt.so")
	program := build(t, c11, "heap.c", "ClCkpt")
	for _, needed := range dynamic(t, program, "NEEDED") {
		if needed != "libClCkpt.so" && needed != "libc.so.6" {
			t.Errorf("it needs %s", needed)
		}
	}
}

// A program may be linked with several of the libraries: all its calls go to the first.
func TestOneLibraryServesAll(t *testing.T) {
	for _, order := range [][]string{{"SaCkpt", "ClCkpt"}, {"ClCkpt", "SaCkpt"}} {
		first := fronts[slices.IndexFunc(fronts, func(f string) bool { return strings.Contains(f, order[0]) })]
		library(t, first)
		program := build(t, c11, "mixed.c", order[1], "-Wl,--no-as-needed", "-l"+order[0])
		want := "saCkptInitialize " + first + "\nclHeapFree " + first + "\n"
		if got := run(t, program); got != want {
			t.Errorf("%v: %q", order, got)
		}
	}
}

// A binary that was also linked with the SDK's own heap gets on if ours is loaded before it.
func TestPreloadedBeforeAnotherHeap(t *testing.T) {
	ours := library(t, "libClCkpt.so")
	dir := t.TempDir()
	run(t, "gcc", "-shared", "-fPIC", "-I", filepath.Join(testcluster.Root(), "include"),
		filepath.Join("testdata", "otherheap.c"), "-o", filepath.Join(dir, "libClUtils.so"))
	program := build(t, c11, "mixed.c", "ClCkpt",
		"-L"+dir, "-Wl,-rpath,"+dir, "-Wl,--no-as-needed", "-lClUtils")
	cmd := exec.CommandContext(t.Context(), program)
	if out, err := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("the other heap did not come first: %v\n%s", err, out)
	}
	cmd = exec.CommandContext(t.Context(), program)
	cmd.Env = append(cmd.Environ(), "LD_PRELOAD="+ours)
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "clHeapFree libClCkpt.so") {
		t.Errorf("%v\n%s", err, out)
	}
}
