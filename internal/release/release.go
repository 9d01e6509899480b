// Package release holds the version of this release, for what is shown to people; formats have versions of their own.
package release

// Version is set by the Makefile from the file VERSION.
var Version = "unreleased"
