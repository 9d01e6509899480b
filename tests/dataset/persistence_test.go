package dataset

import "testing"

// What one process has written the next one finds, however the first one ended.
func TestNextProcess(t *testing.T) {
	for _, flavour := range flavours {
		for _, killed := range []bool{false, true} {
			name := flavour + " ended"
			if killed {
				name = flavour + " killed"
			}
			t.Run(name, func(t *testing.T) {
				env := environment(t.TempDir())
				s := ready(t, env, flavour, "a checkpoint")
				s.want(ok, "ewrite %s 1 %s %s", x("a checkpoint"), x("z"), x("first"))
				s.want(ok, "ewrite %s 1 %s %s", x("a checkpoint"), x("a"), x("second"))
				s.want(ok, "write %s 1 %s", x("a checkpoint"), x("data"))
				s.want(ok, "dataset %s 2", x("a checkpoint"))
				s.quiet()
				if killed {
					s.kill()
				} else {
					s.want(ok, "finalize")
					s.end()
				}

				s = initialized(t, env, flavour)
				s.want("0x0 true", "exists %s", x("a checkpoint"))
				s.want("0x0 false", "exists %s", x("another"))
				s.want("0x0 true", "dsexists %s 1", x("a checkpoint"))
				s.want("0x0 true", "dsexists %s 2", x("a checkpoint"))
				s.want("0x0 false", "dsexists %s 3", x("a checkpoint"))
				// Functions are not stored.
				s.want(nullPointer, "read %s 1", x("a checkpoint"))
				s.want(nullPointer, "write %s 1 %s", x("a checkpoint"), x("lost"))
				s.want(nullPointer, "ewrite %s 1 %s %s", x("a checkpoint"), x("z"), x("lost"))
				s.want(ok, "dataset %s 1", x("a checkpoint"))
				s.want("0x0 e:first e:second d:data", "read %s 1", x("a checkpoint"))
				s.want(ok, "dataset %s 2", x("a checkpoint"))
				s.want(notExist, "read %s 2", x("a checkpoint"))
				// It goes on where the other stopped.
				s.want(ok, "edelete %s 1 %s", x("a checkpoint"), x("z"))
				s.want(ok, "ewrite %s 1 %s %s", x("a checkpoint"), x("m"), x("third"))
				s.want(ok, "ewrite %s 1 %s %s", x("a checkpoint"), x("z"), x("fourth"))
				s.quiet()
				s.kill()

				s = ready(t, env, flavour, "a checkpoint")
				s.want("0x0 e:second e:third e:fourth d:data", "read %s 1", x("a checkpoint"))
				s.want(ok, "delete %s", x("a checkpoint"))
				s.kill()

				s = initialized(t, env, flavour)
				s.want("0x0 false", "exists %s", x("a checkpoint"))
				s.quiet()
				s.end()
			})
		}
	}
}

// What one flavour writes the other reads.
func TestFlavoursShareData(t *testing.T) {
	env := environment(t.TempDir())
	a, b := ready(t, env, "doc", "shared"), ready(t, env, "sdk60", "shared")
	a.want(ok, "write %s 1 %s", x("shared"), x("of doc"))
	a.want(ok, "ewrite %s 1 %s %s", x("shared"), x("e"), x("element of doc"))
	b.want("0x0 e:element of doc d:of doc", "read %s 1", x("shared"))
	b.want(ok, "write %s 1 %s", x("shared"), x("of sdk"))
	a.want("0x0 e:element of doc d:of sdk", "read %s 1", x("shared"))
}

// A checkpoint that is deleted leaves no file behind, also if another process has it open: that one finds it gone, and
// does not bring it back.
func TestDeleteLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	env := environment(dir)
	s := ready(t, env, "doc", "one")
	s.want(ok, "write %s 1 %s", x("one"), x("data"))
	other := ready(t, env, "doc", "one")
	other.want(ok, "write %s 1 %s", x("one"), x("data"))
	s.want(ok, "delete %s", x("one"))
	other.want(notExist, "write %s 1 %s", x("one"), x("more"))
	other.want(notExist, "ewrite %s 1 %s %s", x("one"), x("e"), x("more"))
	other.want(notExist, "read %s 1", x("one"))
	other.want(notExist, "dataset %s 1", x("one"))
	other.want("0x0 false", "exists %s", x("one"))
	other.want(notExist, "delete %s", x("one"))
	if left := databases(t, dir); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
	// Made anew by one, it is the new one for the other too.
	s.want(ok, "create %s", x("one"))
	s.want(ok, "dataset %s 1", x("one"))
	s.want(ok, "write %s 1 %s", x("one"), x("new"))
	other.want("0x0 true", "exists %s", x("one"))
	other.want(ok, "dataset %s 1", x("one"))
	other.want("0x0 d:new", "read %s 1", x("one"))
	other.end()
	s.want("0x0 d:new", "read %s 1", x("one"))
	s.end()
}

// A child that is forked while the library is in use gets an error at once, and takes nothing from its parent: neither
// while it lives, nor by its end, which closes the parent's files in the child.
func TestForkedChild(t *testing.T) {
	for _, flavour := range flavours {
		t.Run(flavour, func(t *testing.T) {
			env := environment(t.TempDir())
			s := ready(t, env, flavour, "forked")
			s.want(ok, "write %s 1 %s", x("forked"), x("before"))
			other := ready(t, env, flavour, "forked")
			s.want("child", "fork")
			name := x("forked")
			for _, line := range []string{"init", "read " + name + " 1", "write " + name + " 1 00", "create " + name,
				"exists " + name, "finalize"} {
				s.want(unspecified, "%s", line)
			}
			other.want(ok, "write %s 1 %s", x("forked"), x("meanwhile"))
			s.send("") // the child ends, and the parent goes on
			if got := s.answer("the end of the child"); got != "parent" {
				t.Fatalf("after the child: %q", got)
			}
			s.want("0x0 d:meanwhile", "read %s 1", x("forked"))
			s.want(ok, "write %s 1 %s", x("forked"), x("after"))
			other.want("0x0 d:after", "read %s 1", x("forked"))
			s.end()
			other.end()
		})
	}
}
