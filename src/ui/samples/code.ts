/** One line each, in the language that the comment names. */
export const code: readonly string[] = [
  // Python
  'def area(width, height): return width * height',
  'squares = {n: n * n for n in range(10) if n % 2 == 0}',
  'with open("notes.txt") as file: lines = [line.strip() for line in file]',
  'print(f"{name} is {age} years old")',
  // JavaScript and TypeScript
  'const total = prices.reduce((sum, price) => sum + price, 0)',
  'for (let i = 0; i < items.length; i++) { if (items[i] === null) break }',
  'function first<T>(list: readonly T[]): T | undefined { return list[0] }',
  'const { title, author = "unknown" } = await response.json()',
  // C and C++
  'int max(int a, int b) { return a > b ? a : b; }',
  "for (char *p = text; *p != '\\0'; p++) if (*p == ' ') *p = '_';",
  'std::vector<int> sorted(values.begin(), values.end()); std::sort(sorted.begin(), sorted.end());',
  // Rust
  'let longest = words.iter().max_by_key(|word| word.len()).unwrap_or(&"");',
  'match parse(input) { Ok(value) => value, Err(error) => return Err(error.into()) }',
  // Go
  'if err := save(path, data); err != nil { return fmt.Errorf("save %s: %w", path, err) }',
  // Java and Kotlin
  'public static boolean isLeap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }',
  'val adults = people.filter { it.age >= 18 }.sortedBy { it.name }',
  // C# and Swift
  'var oldest = people.OrderByDescending(person => person.Age).FirstOrDefault();',
  'guard let url = URL(string: address) else { return nil }',
  // SQL
  'SELECT city, COUNT(*) AS people FROM residents GROUP BY city HAVING COUNT(*) > 1000 ORDER BY people DESC;',
  "UPDATE orders SET state = 'sent' WHERE state = 'paid' AND id IN (SELECT order_id FROM parcels);",
  // shell
  'for f in *.txt; do mv "$f" "${f%.txt}.md"; done',
  'grep -rn "TODO" src | sort | uniq -c | head -n 5',
  // markup and data
  '<ul class="menu"><li><a href="/home">Home</a></li><li><a href="/about">About</a></li></ul>',
  '.card:hover > .title { color: #336699; margin: 0 auto 8px; }',
  '{"id": 7, "tags": ["red", "round"], "size": {"width": 3, "height": 3}}',
  // functional languages
  'fibonacci = 0 : 1 : zipWith (+) fibonacci (tail fibonacci)',
  '(defn factorial [n] (if (<= n 1) 1 (* n (factorial (dec n)))))',
  'let rec sum list = match list with [] -> 0 | head :: tail -> head + sum tail',
  // Ruby and R
  '%w[pear apple fig].each_with_index { |fruit, index| puts "#{index}: #{fruit}" }',
  'means <- tapply(flowers$width, flowers$kind, function(x) mean(x, na.rm = TRUE))',
]
