package server

import "testing"

func TestConnTable(t *testing.T) {
	var tab connTable
	if tab.get(3) != nil {
		t.Error("an empty table has something")
	}
	a, b := new(conn), new(conn)
	tab.set(3, a)
	tab.set(1000, b)
	if tab.get(3) != a || tab.get(1000) != b || tab.get(4) != nil || tab.get(-1) != nil || tab.get(1<<20) != nil {
		t.Error("lost or invented")
	}
	tab.set(3, b) // the descriptor has come back before a was dropped
	if tab.drop(3, a); tab.get(3) != b {
		t.Error("dropped the next owner")
	}
	if tab.drop(3, b); tab.get(3) != nil {
		t.Error("still there")
	}
}
