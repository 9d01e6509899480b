package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// A program is compiled with what "make install" has put in place and nothing else, under each library name.
func TestInstall(t *testing.T) {
	dest := t.TempDir()
	makeTarget := func(target string) {
		t.Helper()
		cmd := exec.Command("make", "-s", target, "DESTDIR="+dest, "PREFIX=/opt/ckpt")
		cmd.Dir = testcluster.Root()
		cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", target, err, out)
		}
	}
	makeTarget("install")
	prefix := filepath.Join(dest, "opt/ckpt")
	lib := filepath.Join(prefix, "lib")
	c := testcluster.Start(t, testcluster.Options{})
	for name, of := range map[string]struct{ file, example string }{
		"ckpt":   {"ckpt.pc", "hello.c"},
		"SaCkpt": {"opensaf-ckpt.pc", "hello.c"},
		"ClCkpt": {"openclovis-ckpt.pc", "clckpt_hello.c"},
	} {
		libs, cflags := pkgConfig(t, filepath.Join(lib, "pkgconfig", of.file))
		if libs != "-L/opt/ckpt/lib -l"+name || cflags != "-I/opt/ckpt/include" {
			t.Errorf("%s: %s %s", of.file, libs, cflags)
		}
		program := filepath.Join(t.TempDir(), "hello")
		gcc := exec.Command("gcc", "-I"+filepath.Join(prefix, "include"), filepath.Join(testcluster.Root(), "examples", of.example),
			"-o", program, "-L"+lib, "-l"+name)
		if out, err := gcc.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		o := runAs(t, 0, append(c.Env(), "LD_LIBRARY_PATH="+lib), program)
		if o.status != 0 || !strings.Contains(o.stdout, "Hello") {
			t.Errorf("hello with -l%s: status %d %s %s", name, o.status, o.stdout, o.stderr)
		}
	}
	if o := runAs(t, 0, nil, filepath.Join(prefix, "bin/ckpt"), "--version"); o.status != 0 {
		t.Error(o.stderr)
	}
	for _, daemon := range []string{"ckptd", "ckptnd"} {
		if o := runAs(t, 0, nil, filepath.Join(prefix, "sbin", daemon), "--version"); o.status != 0 {
			t.Error(o.stderr)
		}
	}
	makeTarget("uninstall")
	_ = filepath.WalkDir(dest, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
		} else if !e.IsDir() {
			t.Errorf("make uninstall left %s", path)
		}
		return nil
	})
}

// pkgConfig resolves the variables of a .pc file, as pkg-config does.
func pkgConfig(t *testing.T, file string) (libs, cflags string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	variables := make(map[string]string)
	expand := func(s string) string { return os.Expand(s, func(name string) string { return variables[name] }) }
	keys := make(map[string]string)
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if name, value, found := strings.Cut(line, ": "); found {
			keys[name] = expand(value)
		} else if name, value, found := strings.Cut(line, "="); found {
			variables[name] = expand(value)
		}
	}
	for _, key := range []string{"Name", "Description", "Version"} {
		if keys[key] == "" {
			t.Errorf("%s lacks %s", file, key)
		}
	}
	return keys["Libs"], keys["Cflags"]
}
