package abi

import (
	"os/exec"
	"path/filepath"
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
	argv = append(argv, more...)
	argv = append(argv, filepath.Join("testdata", source), "-o", program)
	if library != "" {
		dir := filepath.Join(root, "build", "lib")
		argv = append(argv, "-L", dir, "-l"+library, "-Wl,-rpath,"+dir)
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
