package wire

import "fmt"

// Code is a SaAisErrorT value; the C APIs map it, clCkpt* to its own codes.
type Code uint32

// The codes the service itself produces. Values are AIS' own.
const (
	OK              Code = 1
	Library         Code = 2
	VersionMismatch Code = 3
	Init            Code = 4
	Timeout         Code = 5
	TryAgain        Code = 6
	InvalidParam    Code = 7
	NoMemory        Code = 8
	BadHandle       Code = 9
	Access          Code = 11
	NotExist        Code = 12
	Exist           Code = 14
	NoSpace         Code = 15
	NoResources     Code = 18
	NotSupported    Code = 19
	BadOperation    Code = 20
	FailedOperation Code = 21
	BadFlags        Code = 25
	TooBig          Code = 26
	NoSections      Code = 27
	Unavailable     Code = 31
)

var codeNames = map[Code]string{
	OK: "OK", Library: "LIBRARY", VersionMismatch: "VERSION", Init: "INIT", Timeout: "TIMEOUT",
	TryAgain: "TRY_AGAIN", InvalidParam: "INVALID_PARAM", NoMemory: "NO_MEMORY", BadHandle: "BAD_HANDLE",
	Access: "ACCESS", NotExist: "NOT_EXIST", Exist: "EXIST", NoSpace: "NO_SPACE", NoResources: "NO_RESOURCES",
	NotSupported: "NOT_SUPPORTED", BadOperation: "BAD_OPERATION", FailedOperation: "FAILED_OPERATION",
	BadFlags: "BAD_FLAGS", TooBig: "TOO_BIG", NoSections: "NO_SECTIONS", Unavailable: "UNAVAILABLE",
}

// Error makes a Code usable as a Go error; OK is not one and must not be returned as such.
func (c Code) Error() string { return c.String() }

// String gives the AIS name without its SA_AIS_ERR_ prefix.
func (c Code) String() string {
	if n, ok := codeNames[c]; ok {
		return n
	}
	return fmt.Sprintf("code %d", uint32(c))
}
