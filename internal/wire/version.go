package wire

import "fmt"

// VersionError says that something is of a version that this release does not read. Of such messages the receiver says so
// once in a while, apart from other malformed ones: an operator can do something about them.
type VersionError struct {
	Theirs         byte // version of what came
	Oldest, Newest byte // that this release reads
}

func (e *VersionError) Error() string {
	if e.Oldest == e.Newest {
		return fmt.Sprintf("version %d, this release speaks %d", e.Theirs, e.Newest)
	}
	return fmt.Sprintf("version %d, this release speaks %d to %d", e.Theirs, e.Oldest, e.Newest)
}

// Unwrap makes it a *FormatError, too.
func (e *VersionError) Unwrap() error { return &FormatError{e.Error()} }

// CheckVersion returns a *VersionError unless theirs is one of the versions from oldest to newest, which a release reads:
// those that the release before it wrote, and its own.
func CheckVersion(theirs, oldest, newest byte) error {
	if theirs < oldest || theirs > newest {
		return &VersionError{theirs, oldest, newest}
	}
	return nil
}
