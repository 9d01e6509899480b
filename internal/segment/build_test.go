package segment

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func sources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.c")
	if err != nil || len(files) == 0 {
		t.Fatalf("no C sources: %v", err)
	}
	return files
}

func compile(t *testing.T, compiler string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(compiler); err != nil {
		t.Skipf("SKIPPED: no %s here", compiler)
	}
	out, err := exec.Command(compiler, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", compiler, strings.Join(args, " "), err, out)
	}
	return string(out)
}

var strict = []string{"-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wshadow", "-pthread"}

// readerSources are what the front compiles.
var readerSources = []string{"segment.c", "cutoff.c"}

// TestReaderStandsAlone: the front compiles the reader by itself, and segment.h serves older C and C++ too.
func TestReaderStandsAlone(t *testing.T) {
	dir := t.TempDir()
	for _, source := range append([]string{"reader.h"}, readerSources...) {
		text, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`#include "(.*)"`).FindAllSubmatch(text, -1) {
			if name := string(m[1]); name != "segment.h" && name != "format.h" && name != "reader.h" {
				t.Errorf("%s includes %s", source, name)
			}
		}
	}
	library := append(strict, "-O2", "-shared", "-fPIC", "-Wl,-z,defs", "-o", dir+"/reader.so")
	compile(t, "gcc", append(library, readerSources...)...)
	use := dir + "/use.c"
	text := []byte("#include \"segment.h\"\nint use(void);\nint use(void) { return CKPT_READ_OK; }\n")
	if err := os.WriteFile(use, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, language := range [][]string{{"-std=c99"}, {"-std=c11"}, {"-x", "c++", "-std=c++11"}} {
		compile(t, "gcc", append(language, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I.", "-c", "-o", dir+"/use.o", use)...)
	}
}

// TestSanitizers runs testdata/driver.c built with the address and undefined-behaviour sanitizers.
func TestSanitizers(t *testing.T) {
	program := filepath.Join(t.TempDir(), "driver")
	args := append(strict, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
		"-DCKPT_SEGMENT_STORE_HOOK", "-o", program, "testdata/driver.c")
	compile(t, "gcc", append(args, sources(t)...)...)
	for _, seed := range []string{"1", "2", "3"} {
		if out, err := exec.Command(program, shmDir(t), seed, "1500").CombinedOutput(); err != nil {
			t.Fatalf("seed %s: %v\n%s", seed, err, out)
		}
	}
}

// TestBarriers compiles for arm64 and looks for the barriers in every function that needs them: without the
// acquire fence a reader could take old bytes for new ones, without the release fence a writer could show them.
func TestBarriers(t *testing.T) {
	const compiler = "aarch64-linux-gnu-gcc"
	for _, source := range sources(t) {
		compile(t, compiler, append(strict, "-O2", "-c", "-o", os.DevNull, source)...)
	}
	functions := map[string]string{}
	for _, source := range append([]string{"undo.c"}, readerSources...) {
		text := compile(t, compiler, append(strict, "-O2", "-fno-inline", "-S", "-o", "-", source)...)
		for _, m := range regexp.MustCompile(`(?ms)^(\w+)[.\w]*:\n(.*?)^\s*\.size\s`).FindAllStringSubmatch(text, -1) {
			functions[source+" "+m[1]] = m[2]
		}
	}
	for _, want := range []struct {
		function string
		fences   string // instructions, in this order
	}{
		{"segment.c find", `ldap?r.*ldap?r.*ldap?r.*dmb\s+ishld`},
		{"segment.c ckpt_read_attempt", `ldap?r.*dmb\s+ishld`},
		{"segment.c gate", `dmb\s+ishld.*dmb\s+ishld`},
		{"segment.c load_acquire", `ldap?r`},
		{"segment.c header_allocated", `load_acquire`},
		{"segment.c ckpt_seq_open", `dmb\s+ish\b`},
		{"segment.c ckpt_seq_shut", `dmb\s+ish\b`},
		{"cutoff.c load_acquire", `ldap?r`},
		{"cutoff.c open_view", `3320.*load_acquire.*3200.*load_acquire`},
		{"cutoff.c held_still", `dmb\s+ishld.*3200.*load_acquire.*3320`},
		{"undo.c set_undo", `dmb\s+ish\b.*ckpt_store.*dmb\s+ish\b`},
		{"undo.c room", `3320.*ckpt_store.*dmb\s+ish\b`},
	} {
		body, ok := functions[want.function]
		if !ok {
			t.Errorf("%s: no such function in the assembly", want.function)
		} else if !regexp.MustCompile(`(?s)` + want.fences).MatchString(body) {
			t.Errorf("%s: want barriers %s in\n%s", want.function, want.fences, body)
		}
	}
}
