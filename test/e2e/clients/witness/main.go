// Both sides of C2SP tlog-witness, on the libraries of the Go checksum database and transparency-dev:
//
//	key SEED                    the verifier key of a log
//	submit SEED URL WITNESSKEY  that log asks a witness, and verifies what it signs
//	witness NAME ADDR LOGKEY    a witness: prints its verifier key, then serves
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const origin = "go.example/log"

func main() {
	switch args := os.Args[2:]; os.Args[1] {
	case "key":
		_, vkey := logKey(args[0])
		fmt.Println(vkey)
	case "submit":
		submit(args[0], args[1], args[2])
	case "witness":
		serve(args[0], args[1], args[2])
	}
}

// Go 1.26 makes keys of no randomness but its own: the key of a seed is put together here.
func logKey(seed string) (skey, vkey string) {
	digest := sha256.Sum256([]byte(seed))
	public := ed25519.NewKeyFromSeed(digest[:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	must(err)
	id := strings.Split(vkey, "+")[1]
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, digest[:]...))
	return "PRIVATE+KEY+" + origin + "+" + id + "+" + secret, vkey
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A tree in memory, as the checksum database stores one.
type tree struct{ hashes []tlog.Hash }

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for at, index := range indexes {
		out[at] = t.hashes[index]
	}
	return out, nil
}

func grown(size int64, salt string) *tree {
	t := &tree{}
	for n := int64(0); n < size; n++ {
		hashes, err := tlog.StoredHashes(n, []byte(fmt.Sprintf("%s %d", salt, n)), t)
		must(err)
		t.hashes = append(t.hashes, hashes...)
	}
	return t
}

func request(t *tree, signer note.Signer, old, size int64) (body, signed []byte) {
	root, err := tlog.TreeHash(size, t)
	must(err)
	// With an extension line, which the witness signs with the rest.
	text := fmt.Sprintf("%s\n%d\n%s\nstate %s\n", origin, size, root, root)
	signed, err = note.Sign(&note.Note{Text: text}, signer)
	must(err)
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", old)
	if old > 0 {
		proof, err := tlog.ProveTree(size, old, t)
		must(err)
		for _, hash := range proof {
			fmt.Fprintln(&b, hash)
		}
	}
	b.WriteString("\n")
	b.Write(signed)
	return b.Bytes(), signed
}

func submit(seed, url, witnessKey string) {
	skey, _ := logKey(seed)
	signer, err := note.NewSigner(skey)
	must(err)
	verifier, err := fnote.NewVerifierForCosignatureV1(witnessKey)
	must(err)
	honest, fork := grown(700, "honest"), grown(700, "fork")
	ask := func(t *tree, old, size int64) {
		body, signed := request(t, signer, old, size)
		answer, err := http.Post(url+"/add-checkpoint", "text/plain", bytes.NewReader(body))
		must(err)
		text, err := io.ReadAll(answer.Body)
		must(err)
		fmt.Printf("%d->%d %d", old, size, answer.StatusCode)
		if answer.StatusCode == 409 {
			fmt.Printf(" %s %s", answer.Header.Get("Content-Type"), strings.TrimSpace(string(text)))
		}
		if answer.StatusCode == 200 {
			_, err := note.Open(append(signed, text...), note.VerifierList(verifier))
			fmt.Printf(" verified=%t", err == nil)
		}
		fmt.Println()
	}
	ask(honest, 0, 5)
	ask(honest, 5, 256)
	ask(honest, 256, 256)
	ask(honest, 0, 300)
	ask(honest, 256, 700)
	ask(fork, 700, 700)
	ask(fork, 256, 300)
}

func serve(name, addr, logVkey string) {
	skey, plain, err := note.GenerateKey(rand.Reader, name)
	must(err)
	signer, err := fnote.NewSignerForCosignatureV1(skey)
	must(err)
	verifier, err := note.NewVerifier(logVkey)
	must(err)
	vkey, err := fnote.VKeyToCosignatureV1(plain)
	must(err)
	fmt.Println(vkey)
	var lock sync.Mutex
	var known tlog.Tree
	http.HandleFunc("POST /add-checkpoint", func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		body, err := io.ReadAll(r.Body)
		head, signed, found := bytes.Cut(body, []byte("\n\n"))
		lines := strings.Split(string(head), "\n")
		old, oldErr := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
		if err != nil || oldErr != nil || !found {
			http.Error(w, "malformed", 400)
			return
		}
		opened, err := note.Open(signed, note.VerifierList(verifier))
		if err != nil {
			http.Error(w, "not signed", 403)
			return
		}
		text := strings.SplitN(opened.Text, "\n", 4)
		size, _ := strconv.ParseInt(text[1], 10, 64)
		root, err := tlog.ParseHash(text[2])
		must(err)
		if old != known.N {
			w.Header().Set("Content-Type", "text/x.tlog.size")
			w.WriteHeader(409)
			fmt.Fprintln(w, known.N)
			return
		}
		var proof tlog.TreeProof
		for _, line := range lines[1:] {
			hash, err := tlog.ParseHash(line)
			must(err)
			proof = append(proof, hash)
		}
		if old > 0 && tlog.CheckTree(proof, size, root, old, known.Hash) != nil {
			http.Error(w, "inconsistent", 422)
			return
		}
		known = tlog.Tree{N: size, Hash: root}
		cosigned, err := note.Sign(&note.Note{Text: opened.Text}, signer)
		must(err)
		_, line, _ := bytes.Cut(cosigned[len(opened.Text)-1:], []byte("\n\n"))
		w.Write(line)
	})
	must(http.ListenAndServe(addr, nil))
}
