package dataset

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"libckpt/tests/testcluster"
)

// sqliteLibraries is a LD_LIBRARY_PATH with the test's own libsqlite3.so.
func sqliteLibraries(t testing.TB) string {
	t.Helper()
	return filepath.Join(testcluster.Root(), "build/lib") + ":" + filepath.Dir(ownSQLite(t))
}

// ownSQLite is the SQLite of the test's application.
func ownSQLite(t testing.TB) string {
	t.Helper()
	return testcluster.Binary(t, "tests/sqlite/libsqlite3.so")
}

// symbols are the dynamic symbols that a library defines.
func symbols(t *testing.T, path string) []string {
	t.Helper()
	out, err := exec.Command("nm", "-D", "--defined-only", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		names = append(names, fields[len(fields)-1])
	}
	return names
}

// No library shows a symbol of SQLite's, and none wants one from elsewhere.
func TestNoSQLiteSymbol(t *testing.T) {
	for _, library := range []string{"libckpt.so", "libSaCkpt.so", "libClCkpt.so", "libckpt-engine.so"} {
		out, err := exec.Command("nm", "-D", testcluster.Binary(t, "lib/"+library)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "sqlite3") {
			t.Errorf("%s has dynamic symbols of SQLite", library)
		}
	}
	if own := symbols(t, ownSQLite(t)); !slices.Contains(own, "sqlite3_open") {
		t.Errorf("libsqlite3.so of the test shows %d symbols, and not sqlite3_open: the test shows nothing", len(own))
	}
}

// An application with an SQLite of its own, another version, uses both at the same time.
func TestApplicationWithOwnSQLite(t *testing.T) {
	dir := t.TempDir()
	env := environment(dir, "LD_LIBRARY_PATH="+sqliteLibraries(t))
	passes(t, env, program(t, "", "own_sqlite"), filepath.Join(t.TempDir(), "own.db"))
	// Both in one directory, too.
	passes(t, env, program(t, "", "own_sqlite"), filepath.Join(dir, "own.db"))
}

// Every function of SQLite is taken by another library that comes first and ends the process: the engine does not get
// there.
func TestInterposedSQLite(t *testing.T) {
	dir := t.TempDir()
	source, trap := filepath.Join(dir, "trap.c"), filepath.Join(dir, "trap.so")
	var text strings.Builder
	text.WriteString("#include <stdlib.h>\n")
	for _, name := range symbols(t, ownSQLite(t)) {
		if strings.HasPrefix(name, "sqlite3") {
			fmt.Fprintf(&text, "void %s(void) { abort(); }\n", name)
		}
	}
	if err := os.WriteFile(source, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gcc", "-shared", "-fPIC", "-fno-builtin", source, "-o", trap).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env := environment(t.TempDir(), "LD_LIBRARY_PATH="+sqliteLibraries(t), "LD_PRELOAD="+trap)
	if o := run(t, env, program(t, "", "own_sqlite"), filepath.Join(dir, "own.db")); o.status != -1 {
		t.Fatalf("the trap does not work: status %d, %s", o.status, o.stderr)
	}
	s := ready(t, env, "doc", "trapped")
	s.want(ok, "write %s 1 %s", x("trapped"), x("data"))
	s.want("0x0 d:data", "read %s 1", x("trapped"))
	s.want(ok, "delete %s", x("trapped"))
	s.end()
}
