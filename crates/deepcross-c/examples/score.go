// Scores the rows of a tab-separated file, and prints a probability a line, as `deepcross predict` does.
//
//	CGO_CFLAGS="-I…/include" CGO_LDFLAGS="-L…/release -ldeepcross_c" go build -o score score.go
//	score MODEL ROWS.tsv
package main

/*
#include <stdlib.h>
#include "deepcross.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// Session scores rows for one goroutine at a time, and keeps its model in memory.
type Session struct {
	session *C.deepcross_session
	// Columns are the names of the values of a row, in order.
	Columns []string
}

// check returns the error of a call. The text of an error belongs to the thread of the call, so that no other goroutine
// may run on this thread between the two.
func check(call func() C.deepcross_status) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if call() == C.DEEPCROSS_STATUS_OK {
		return nil
	}
	return errors.New(C.GoString(C.deepcross_last_error()))
}

// Open loads a model. The session keeps it in memory, so that the handle of the model is not needed any more.
func Open(path string) (*Session, error) {
	file := C.CString(path)
	defer C.free(unsafe.Pointer(file))
	var model *C.deepcross_model
	if err := check(func() C.deepcross_status { return C.deepcross_model_load(file, &model) }); err != nil {
		return nil, err
	}
	defer C.deepcross_model_free(model)
	var columns *C.deepcross_input_column
	var n C.size_t
	if err := check(func() C.deepcross_status { return C.deepcross_model_columns(model, &columns, &n) }); err != nil {
		return nil, err
	}
	s := &Session{}
	for _, column := range unsafe.Slice(columns, int(n)) {
		s.Columns = append(s.Columns, C.GoString(column.name))
	}
	err := check(func() C.deepcross_status { return C.deepcross_session_new(model, &s.session) })
	return s, err
}

// Close frees the session.
func (s *Session) Close() { C.deepcross_session_free(s.session) }

// Score returns the probabilities of rows.
func (s *Session) Score(rows [][]string) ([]float32, error) {
	n := len(rows) * len(s.Columns)
	if n == 0 {
		return nil, nil
	}
	// Pointers in memory of Go may not be stored in memory of C: the values are copied into one text of C.
	var text strings.Builder
	lengths := make([]C.size_t, 0, n)
	for _, row := range rows {
		for _, value := range row {
			text.WriteString(value)
			lengths = append(lengths, C.size_t(len(value)))
		}
	}
	bytes := C.CString(text.String())
	defer C.free(unsafe.Pointer(bytes))
	memory := C.calloc(C.size_t(n), C.size_t(unsafe.Sizeof(bytes)+unsafe.Sizeof(lengths[0])))
	defer C.free(memory)
	values := unsafe.Slice((**C.char)(memory), n)
	sizes := unsafe.Slice((*C.size_t)(unsafe.Add(memory, n*int(unsafe.Sizeof(bytes)))), n)
	at := 0
	for i, length := range lengths {
		values[i] = (*C.char)(unsafe.Add(unsafe.Pointer(bytes), at))
		sizes[i] = length
		at += int(length)
	}
	in := C.deepcross_rows{
		n_columns: C.size_t(len(s.Columns)),
		n_rows:    C.size_t(len(rows)),
		values:    &values[0],
		lengths:   &sizes[0],
	}
	scores := make([]float32, len(rows))
	err := check(func() C.deepcross_status {
		return C.deepcross_score_rows(s.session, &in, C.DEEPCROSS_OUTPUT_PROBABILITY, (*C.float)(&scores[0]),
			C.size_t(len(scores)))
	})
	return scores, err
}

func run(model, file string) error {
	session, err := Open(model)
	if err != nil {
		return err
	}
	defer session.Close()
	bytes, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(bytes), "\n"), "\n")
	place := map[string]int{}
	for i, name := range strings.Split(lines[0], "\t") {
		place[name] = i
	}
	var rows [][]string
	for _, line := range lines[1:] {
		fields := strings.Split(line, "\t")
		var row []string
		for _, column := range session.Columns {
			row = append(row, fields[place[column]])
		}
		rows = append(rows, row)
	}
	scores, err := session.Score(rows)
	if err != nil {
		return err
	}
	fmt.Println("probability")
	for _, score := range scores {
		fmt.Println(strconv.FormatFloat(float64(score), 'f', -1, 32))
	}
	return nil
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: score MODEL ROWS.tsv")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
