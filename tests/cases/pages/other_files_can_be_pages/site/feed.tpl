<script src="https://cdn.example/lib/1.2.3/a.js"></script>
