package frame

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// appendMessage writes a message as canonical JSON, its fields in the order of
// the schema, so that equal messages are equal bytes.
func appendMessage(dst []byte, p *plan, m protoreflect.Message) []byte {
	dst = append(dst, '{')
	first := true
	for _, f := range p.fields {
		if !f.always && !m.Has(f.descriptor) {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.key...)
		if f.list {
			dst = appendList(dst, f, m.Get(f.descriptor).List())
		} else {
			dst = appendValue(dst, f, m.Get(f.descriptor))
		}
	}
	return append(dst, '}')
}

func appendList(dst []byte, f *field, list protoreflect.List) []byte {
	dst = append(dst, '[')
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, f, list.Get(i))
	}
	return append(dst, ']')
}

func appendValue(dst []byte, f *field, v protoreflect.Value) []byte {
	switch f.kind {
	case protoreflect.StringKind:
		return appendString(dst, v.String())
	case protoreflect.BoolKind:
		return strconv.AppendBool(dst, v.Bool())
	case protoreflect.Uint32Kind:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case protoreflect.Uint64Kind:
		dst = append(dst, '"')
		dst = strconv.AppendUint(dst, v.Uint(), 10)
		return append(dst, '"')
	case protoreflect.EnumKind:
		return appendEnum(dst, f.descriptor.Enum(), v.Enum())
	case protoreflect.MessageKind:
		switch message := v.Message().Interface().(type) {
		case *timestamppb.Timestamp:
			return appendTime(dst, message)
		case *structpb.Struct:
			return appendStruct(dst, message)
		}
		return appendMessage(dst, f.message, v.Message())
	}
	return append(dst, "null"...) // the schema holds no other kind; its test says so
}

func appendEnum(dst []byte, enum protoreflect.EnumDescriptor, number protoreflect.EnumNumber) []byte {
	value := enum.Values().ByNumber(number)
	if value == nil { // said by a newer service
		return strconv.AppendInt(dst, int64(number), 10)
	}
	dst = append(dst, '"')
	dst = append(dst, value.Name()...)
	return append(dst, '"')
}

// appendTime writes RFC 3339 with as many thirds of a fraction as are needed.
func appendTime(dst []byte, t *timestamppb.Timestamp) []byte {
	const day = 24 * 60 * 60
	days, second := t.GetSeconds()/day, t.GetSeconds()%day
	if second < 0 {
		days, second = days-1, second+day
	}
	year, month, date := civil(days)
	dst = append(dst, '"')
	dst = appendDigits(dst, year, 4)
	dst = appendDigits(append(dst, '-'), month, 2)
	dst = appendDigits(append(dst, '-'), date, 2)
	dst = appendDigits(append(dst, 'T'), int(second/3600), 2)
	dst = appendDigits(append(dst, ':'), int(second/60%60), 2)
	dst = appendDigits(append(dst, ':'), int(second%60), 2)
	switch nanos := int(t.GetNanos()); {
	case nanos == 0:
	case nanos%1e6 == 0:
		dst = appendDigits(append(dst, '.'), nanos/1e6, 3)
	case nanos%1e3 == 0:
		dst = appendDigits(append(dst, '.'), nanos/1e3, 6)
	default:
		dst = appendDigits(append(dst, '.'), nanos, 9)
	}
	return append(dst, 'Z', '"')
}

// civil is the date of a day counted from 1970-01-01, in the Gregorian
// calendar: by eras of 400 years that begin in March, so that the leap day is a
// year's last.
func civil(days int64) (year, month, date int) {
	const eraDays = 146_097
	days += 719_468 // from 0000-03-01
	era := days / eraDays
	if days < 0 {
		era = (days - eraDays + 1) / eraDays
	}
	inEra := int(days - era*eraDays)
	inYears := (inEra - inEra/1460 + inEra/36524 - inEra/146_096) / 365
	inDays := inEra - (365*inYears + inYears/4 - inYears/100)
	marched := (5*inDays + 2) / 153
	year, month, date = int(era)*400+inYears, marched+3, inDays-(153*marched+2)/5+1
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, date
}

func appendDigits(dst []byte, n, width int) []byte {
	var digits [9]byte
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, digits[:width]...)
}

func appendStruct(dst []byte, s *structpb.Struct) []byte {
	names := make([]string, 0, len(s.GetFields()))
	for name := range s.GetFields() {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = appendAny(dst, s.GetFields()[name])
	}
	return append(dst, '}')
}

func appendAny(dst []byte, v *structpb.Value) []byte {
	switch kind := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return appendString(dst, kind.StringValue)
	case *structpb.Value_NumberValue:
		return appendNumber(dst, kind.NumberValue)
	case *structpb.Value_BoolValue:
		return strconv.AppendBool(dst, kind.BoolValue)
	case *structpb.Value_StructValue:
		return appendStruct(dst, kind.StructValue)
	case *structpb.Value_ListValue:
		dst = append(dst, '[')
		for i, element := range kind.ListValue.GetValues() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendAny(dst, element)
		}
		return append(dst, ']')
	}
	return append(dst, "null"...)
}

// appendNumber writes a number as JavaScript does.
func appendNumber(dst []byte, v float64) []byte {
	format := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	begin := len(dst)
	dst = strconv.AppendFloat(dst, v, format, -1, 64)
	if n := len(dst); format == 'e' && n-begin >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 is e-9
		dst = dst[:n-1]
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// appendString writes a string in quotes. Only what JSON demands is escaped.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	begin := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size - 1
				continue
			}
		}
		dst = append(dst, s[begin:i]...)
		dst = appendEscaped(dst, c)
		begin = i + 1
	}
	dst = append(dst, s[begin:]...)
	return append(dst, '"')
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	}
	if c >= utf8.RuneSelf { // not UTF-8: never let it spoil the whole frame
		return append(dst, "\ufffd"...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
