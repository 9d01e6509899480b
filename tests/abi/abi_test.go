// Package abi checks the binary interface: what the public headers promise to programs compiled
// against them, and what the built libraries export to programs linked elsewhere.
package abi

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"libckpt/tests/testcluster"
)

// toolTimeout bounds one run of a compiler or of a binary-inspection tool.
const toolTimeout = time.Minute

// headers are all public headers, as a program names them.
var headers = []string{
	"saAis.h",
	"saAis_B_5_14.h",
	"saCkpt.h",
	"saCkpt_B_02_03.h",
	"opensaf/cpsv_papi.h",
	"openais/saAis.h",
	"openais/saCkpt.h",
	"clCommon.h",
	"clCommonErrors.h",
	"clCkptApi.h",
	"clCkptExtApi.h",
	"clCkptErrors.h",
	"clCkptIpi.h",
	"clHeapApi.h",
	"clIocApi.h",
	"clOsalApi.h",
	"clCntApi.h",
	"clEoApi.h",
	"clLogApi.h",
}

// A dialect is a compiler with the language standard it is told to follow.
type dialect struct {
	name string
	argv []string
}

var (
	gnu89 = dialect{"gnu89", []string{"gcc", "-std=gnu89"}}
	c99   = dialect{"c99", []string{"gcc", "-std=c99"}}
	c11   = dialect{"c11", []string{"gcc", "-std=c11"}}
	cxx17 = dialect{"c++17", []string{"g++", "-std=c++17", "-x", "c++"}}
)

// run returns the standard output of a tool, and fails the test with all it said if it fails.
func run(t *testing.T, argv ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(argv, " "), err, stdout, stderr.String())
	}
	return string(stdout)
}

// check compiles a source without leaving anything behind, with every warning an error. A C++
// compiler is not needed to build the project, so its absence skips the test.
func check(t *testing.T, d dialect, source string, more ...string) {
	t.Helper()
	if _, err := exec.LookPath(d.argv[0]); err != nil {
		t.Skipf("%s is not installed", d.argv[0])
	}
	argv := append([]string{}, d.argv...)
	argv = append(argv, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
		"-I", filepath.Join(testcluster.Root(), "include"))
	argv = append(argv, more...)
	run(t, append(argv, source)...)
}

// Every header compiles on its own, included twice, in each language standard, with plain and with
// extended names, for programs of SDK 2.3 (the default) and of SDK 6.
func TestHeadersCompile(t *testing.T) {
	for _, d := range []dialect{gnu89, c99, c11, cxx17} {
		for name, more := range map[string][]string{
			"plain":    nil,
			"extended": {"-DSA_EXTENDED_NAME_SOURCE"},
			"sdk60":    {"-DCL_CKPT_SDK=60"},
		} {
			t.Run(d.name+"/"+name, func(t *testing.T) {
				for _, h := range headers {
					include, use := "#include <"+h+">\n", "extern SaNameT name;\n"
					if strings.HasPrefix(h, "cl") {
						use = "extern ClNameT name;\n"
					}
					source := filepath.Join(t.TempDir(), "one.c")
					text := include + include + use
					if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
					check(t, d, source, more...)
				}
			})
		}
	}
}

// No public header is missing from the list above.
func TestHeadersListed(t *testing.T) {
	include := filepath.Join(testcluster.Root(), "include")
	listed := map[string]bool{}
	for _, h := range headers {
		listed[h] = true
	}
	err := filepath.WalkDir(include, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(include, path)
		if err == nil && !listed[name] {
			t.Errorf("include/%s is not in the list of headers", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Sizes, offsets, field types, constants and prototypes are what other vendors' programs have
// compiled in.
func TestLayout(t *testing.T) {
	for _, source := range []string{"layout.c", "extended.c", "clovis.c"} {
		for _, d := range []dialect{c11, cxx17} {
			for _, flavour := range flavours(source) {
				t.Run(source+"/"+d.name+flavour, func(t *testing.T) {
					var more []string
					if flavour != "" {
						more = []string{flavour}
					}
					check(t, d, filepath.Join("testdata", source), more...)
				})
			}
		}
	}
}

// flavours returns the compiler options a source is compiled with, one at a time.
func flavours(source string) []string {
	if source == "clovis.c" {
		return []string{"", "-DCL_CKPT_SDK=50", "-DCL_CKPT_SDK=60"}
	}
	return []string{""}
}

// A release that is none is refused, in words that help.
func TestUnknownRelease(t *testing.T) {
	source := filepath.Join(t.TempDir(), "one.c")
	if err := os.WriteFile(source, []byte("#include <clCkptApi.h>\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, release := range []string{"1", "6", "49"} {
		said, err := exec.CommandContext(t.Context(), "gcc", "-fsyntax-only", "-DCL_CKPT_SDK="+release,
			"-I", filepath.Join(testcluster.Root(), "include"), source).CombinedOutput()
		if err == nil || !strings.Contains(string(said), "CL_CKPT_SDK is") {
			t.Errorf("release %s: %v\n%s", release, err, said)
		}
	}
}
