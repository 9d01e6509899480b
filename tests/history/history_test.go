package history

import (
	"strings"
	"testing"
	"time"
)

const judgeMax = 10 * time.Second

// Short ways to write a history of section "a": begin and end, then what was done.
func op(kind Kind, begin, end int64, value uint64, found bool) Operation {
	return Operation{Section: "a", Kind: kind, Value: value, Call: begin, End: end, Found: found}
}
func created(begin, end int64, value uint64) Operation { return op(Create, begin, end, value, false) }
func wrote(begin, end int64, value uint64) Operation   { return op(Write, begin, end, value, true) }
func saw(begin, end int64, value uint64) Operation     { return op(Read, begin, end, value, true) }
func sawNone(begin, end int64) Operation               { return op(Read, begin, end, 0, false) }
func deleted(begin, end int64) Operation               { return op(Delete, begin, end, 0, true) }
func synchronized(begin, end int64) Operation          { return Operation{Kind: Barrier, Call: begin, End: end} }

func perhaps(o Operation) Operation {
	o.End, o.Maybe = Forever, true
	return o
}

func elsewhere(o Operation) Operation {
	o.Section = "b"
	return o
}

func TestLinearizable(t *testing.T) {
	for name, c := range map[string]struct {
		history []Operation
		fault   string // part of the error; "" = linearizable
	}{
		"nothing":       {nil, ""},
		"one by one":    {[]Operation{sawNone(1, 2), created(3, 4, 1), saw(5, 6, 1), wrote(7, 8, 2), saw(9, 10, 2), deleted(11, 12), sawNone(13, 14)}, ""},
		"two at once":   {[]Operation{created(1, 2, 1), wrote(3, 9, 2), saw(4, 5, 1), saw(6, 7, 2)}, ""},
		"other section": {[]Operation{created(1, 2, 1), elsewhere(sawNone(3, 4)), elsewhere(created(5, 6, 1))}, ""},
		"stale read":    {[]Operation{created(1, 2, 1), wrote(3, 4, 2), saw(5, 6, 1)}, "not linearizable"},
		"read goes back": {[]Operation{created(1, 2, 1), wrote(3, 20, 2), saw(4, 5, 2), saw(6, 7, 1)},
			"not linearizable"},
		"out of thin air":  {[]Operation{created(1, 2, 1), saw(3, 4, 7)}, "not linearizable"},
		"lost update":      {[]Operation{created(1, 2, 1), wrote(3, 4, 2), wrote(5, 6, 3), saw(7, 8, 2)}, "not linearizable"},
		"back from death":  {[]Operation{created(1, 2, 1), deleted(3, 4), saw(5, 6, 1)}, "not linearizable"},
		"made twice":       {[]Operation{created(1, 2, 1), created(3, 4, 2)}, "not linearizable"},
		"vanished":         {[]Operation{created(1, 2, 1), sawNone(3, 4)}, "not linearizable"},
		"deleted twice":    {[]Operation{created(1, 2, 1), deleted(3, 4), deleted(5, 6)}, "not linearizable"},
		"list forgets one": {[]Operation{created(1, 2, 1), op(Exists, 3, 4, 0, false)}, "not linearizable"},
		"other section is wrong": {[]Operation{created(1, 2, 1), elsewhere(created(1, 2, 2)), elsewhere(saw(3, 4, 1))},
			`section "b": not linearizable`},

		"perhaps, and not":         {[]Operation{created(1, 2, 1), perhaps(wrote(3, 4, 2)), saw(5, 6, 1)}, ""},
		"perhaps, and done":        {[]Operation{created(1, 2, 1), perhaps(wrote(3, 4, 2)), saw(5, 6, 2)}, ""},
		"perhaps, done late":       {[]Operation{created(1, 2, 1), perhaps(wrote(3, 4, 2)), saw(5, 6, 1), saw(7, 8, 2)}, ""},
		"perhaps, done and undone": {[]Operation{created(1, 2, 1), perhaps(wrote(3, 4, 2)), saw(5, 6, 2), saw(7, 8, 1)}, "not linearizable"},
		"perhaps, done twice": {[]Operation{created(1, 2, 1), perhaps(wrote(3, 4, 2)), saw(5, 6, 2), wrote(7, 8, 3), saw(9, 10, 2)},
			"not linearizable"},
		"perhaps, done before it began": {[]Operation{created(1, 2, 1), saw(3, 4, 2), perhaps(wrote(5, 6, 2))}, "not linearizable"},
		"perhaps deleted":               {[]Operation{created(1, 2, 1), perhaps(deleted(3, 4)), saw(5, 6, 1), sawNone(7, 8)}, ""},
		"perhaps created":               {[]Operation{perhaps(created(1, 2, 1)), wrote(3, 4, 2), saw(5, 6, 2)}, ""},
	} {
		check(t, name, Linearizable(c.history, judgeMax), c.fault)
	}
}

// What can't be judged is a failure, not a success.
func TestNotJudged(t *testing.T) {
	long := []Operation{created(1, 2, 1)}
	for i := int64(0); i < SectionMax; i++ {
		long = append(long, saw(10*i+10, 10*i+11, 1))
	}
	check(t, "long", Linearizable(long, judgeMax), "at most 200")

	// Writes that all overlap and reads in an order that fits none: the search has to go through far too many orders.
	hard := []Operation{created(1, 2, 1000)}
	for i := range uint64(60) {
		hard = append(hard, wrote(3, 1000, i), saw(4+int64(i%7), 900+int64(i%11), (i*17)%60))
	}
	hard = append(hard, saw(1001, 1002, 5), saw(1003, 1004, 6))
	check(t, "hard", Linearizable(hard, time.Millisecond), "not ")
}

func TestAsynchronous(t *testing.T) {
	begun := created(1, 2, 1)
	for name, c := range map[string]struct {
		history     []Operation
		moved, lost []int64
		fault       string
	}{
		"nothing":                   {},
		"in order":                  {history: []Operation{begun, saw(3, 4, 1), wrote(5, 6, 2), saw(7, 8, 2)}},
		"a replica is behind":       {history: []Operation{begun, wrote(3, 4, 2), saw(5, 6, 1), saw(7, 8, 2)}},
		"out of thin air":           {history: []Operation{begun, saw(3, 4, 7)}, fault: "nobody wrote"},
		"of another section":        {history: []Operation{begun, elsewhere(saw(3, 4, 1))}, fault: "nobody wrote"},
		"before it is written":      {history: []Operation{begun, saw(3, 4, 2), wrote(5, 6, 2)}, fault: "before it was written"},
		"an older one":              {history: []Operation{begun, wrote(3, 4, 2), saw(5, 6, 2), saw(7, 8, 1)}, fault: "older value came back"},
		"an older one after a move": {history: []Operation{begun, wrote(3, 4, 2), saw(5, 6, 2), saw(7, 8, 1)}, moved: []int64{6}},
		"moved long before": {history: []Operation{created(10, 11, 1), wrote(13, 14, 2), saw(15, 16, 2), saw(17, 18, 1)}, moved: []int64{5},
			fault: "older value came back"},
		"written at the same time": {history: []Operation{begun, wrote(3, 9, 2), wrote(4, 8, 3), saw(5, 6, 2), saw(10, 11, 3)}},
		"perhaps, done late":       {history: []Operation{begun, perhaps(wrote(3, 4, 2)), wrote(5, 6, 3), saw(7, 8, 3), saw(9, 10, 2)}},
		"kept":                     {history: []Operation{begun, wrote(3, 4, 2), synchronized(5, 6), saw(7, 8, 2)}},
		"lost after Synchronize":   {history: []Operation{begun, wrote(3, 4, 2), synchronized(5, 6), saw(8, 9, 1)}, fault: "before Synchronize is gone"},
		"lost after Synchronize and a move": {history: []Operation{begun, wrote(3, 4, 2), synchronized(5, 6), saw(8, 9, 1)}, moved: []int64{7},
			fault: "before Synchronize is gone"},
		"moved before Synchronize": {history: []Operation{begun, wrote(3, 4, 2), synchronized(6, 7), saw(8, 9, 1)}, moved: []int64{5}},
		"every replica lost":       {history: []Operation{begun, wrote(3, 4, 2), synchronized(5, 6), saw(8, 9, 1)}, lost: []int64{7}},
		"not made in time":         {history: []Operation{begun, wrote(3, 6, 2), synchronized(5, 7), saw(8, 9, 1)}},
		"section gone":             {history: []Operation{begun, synchronized(3, 4), sawNone(5, 6)}, fault: "made before Synchronize is gone"},
		"section deleted":          {history: []Operation{begun, synchronized(3, 4), deleted(5, 6), sawNone(7, 8)}},
		"section perhaps deleted":  {history: []Operation{begun, perhaps(deleted(1, 2)), synchronized(3, 4), sawNone(5, 6)}},
		"section deleted before":   {history: []Operation{begun, deleted(3, 4), created(5, 6, 2), synchronized(7, 8), sawNone(9, 10)}, fault: "gone"},
		"section lost in a move":   {history: []Operation{begun, synchronized(4, 5), sawNone(6, 7)}, moved: []int64{3}},
	} {
		check(t, name, Asynchronous(c.history, c.moved, c.lost), c.fault)
	}
}

func check(t *testing.T, name string, err error, fault string) {
	t.Helper()
	switch {
	case fault == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case fault != "" && err == nil:
		t.Errorf("%s: nothing was found, want %q", name, fault)
	case fault != "" && !strings.Contains(err.Error(), fault):
		t.Errorf("%s: found %v, want %q", name, err, fault)
	}
}
