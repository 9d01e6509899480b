package wire

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
	"github.com/vmihailenco/msgpack/v5/msgpcode"
)

// elementsAhead is how many elements of a list memory is taken for before they have been seen.
const elementsAhead = 16

// Unmarshal decodes a value that was encoded with structs as arrays of their fields, as frames are: a newer release
// appends fields, so what is left over is skipped; an older one lacks some, and those keep their zero values. The
// input is not trusted: it never takes memory out of proportion to its length.
//
// (msgpack's own decoder refuses an array of another number of fields than it knows, and makes lists of structs as
// long as the input says.)
func Unmarshal(b []byte, v any) (err error) {
	d := decoders.Get().(*msgpack.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewReader(b))
	return decode(d, v)
}

// decode reads the next value into what v points to. The error is a *FormatError.
func decode(d *msgpack.Decoder, v any) (err error) {
	defer func() {
		if p := recover(); p != nil { // hostile input must not reach a user as a stack trace
			err = &FormatError{fmt.Sprint(p)}
		}
	}()
	if err := decodeValue(d, reflect.ValueOf(v).Elem()); err != nil {
		return &FormatError{err.Error()}
	}
	return nil
}

func decodeValue(d *msgpack.Decoder, v reflect.Value) error {
	switch v.Kind() {
	case reflect.Struct:
		return decodeStruct(d, v)
	case reflect.Pointer:
		if c, err := d.PeekCode(); err != nil {
			return err
		} else if c == msgpcode.Nil {
			v.SetZero()
			return d.DecodeNil()
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(d, v.Elem())
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return decodeList(d, v)
		}
		b, err := d.DecodeBytes()
		v.SetBytes(b)
		return err
	case reflect.Bool:
		b, err := d.DecodeBool()
		v.SetBool(b)
		return err
	case reflect.String:
		s, err := d.DecodeString()
		v.SetString(s)
		return err
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := d.DecodeUint64()
		if err == nil && v.OverflowUint(n) {
			return fmt.Errorf("%d is too large for %s", n, v.Type())
		}
		v.SetUint(n)
		return err
	case reflect.Int64:
		n, err := d.DecodeInt64()
		v.SetInt(n)
		return err
	}
	return d.DecodeValue(v)
}

func decodeStruct(d *msgpack.Decoder, v reflect.Value) error {
	left, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	v.SetZero()
	if err := decodeFields(d, v, &left); err != nil {
		return err
	}
	for ; left > 0; left-- {
		if err := d.Skip(); err != nil {
			return err
		}
	}
	return nil
}

// decodeFields reads as many fields as were sent. Those of an embedded struct stand among the others.
func decodeFields(d *msgpack.Decoder, v reflect.Value, left *int) error {
	t := v.Type()
	for i := range t.NumField() {
		var err error
		switch {
		case t.Field(i).Anonymous && t.Field(i).Type.Kind() == reflect.Struct:
			err = decodeFields(d, v.Field(i), left)
		case *left > 0:
			*left--
			err = decodeValue(d, v.Field(i))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func decodeList(d *msgpack.Decoder, v reflect.Value) error {
	n, err := d.DecodeArrayLen()
	if err != nil {
		return err
	}
	if n < 0 {
		v.SetZero()
		return nil
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, min(n, elementsAhead)))
	for i := range n {
		if i == v.Cap() {
			v.Grow(1)
		}
		v.SetLen(i + 1)
		if err := decodeValue(d, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}
