<script src="vendor/cdn.example/lib/1.2.3/a.js" integrity="sha384-Q3f5jU0AbW4MG2DfN2WI5eIFV2cl91UyBSUaiqP99+WC7wfhDkJoeYduf005Ls2a"></script>
